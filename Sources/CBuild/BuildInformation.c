#include "CBuild.h"

/* Package.swift defines both. They are not in a Swift target, so that another commit compiles this file only. */
const char *const bridge_build_commit = BRIDGE_BUILD_COMMIT;
const char *const bridge_build_date = BRIDGE_BUILD_DATE;
