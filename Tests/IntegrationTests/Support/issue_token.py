"""Makes a key and signs a token with it, as an OAuth authorization server would.

Usage: issue_token.py RS256|ES256 claims.json

Prints the JWK set, then the token (RFC 7515, RFC 7517), one a line.
"""

import base64
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length):
    return encode(value.to_bytes(length, "big"))


def main(algorithm, claims_path):
    with open(claims_path, encoding="utf-8") as file:
        claims = json.load(file)
    header = {"alg": algorithm, "kid": "the-key", "typ": "JWT"}
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = key.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": number(numbers.n, 256), "e": "AQAB"}
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}
        r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    print(json.dumps({"keys": [jwk | {"kid": "the-key", "use": "sig"}]}))
    print(f"{signed}.{encode(signature)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
