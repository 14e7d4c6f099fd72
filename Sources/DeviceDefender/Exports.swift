// Until the rooms above import Encoding themselves.
@_exported public import Encoding
