#ifndef DEFENDER_BRIDGE_CBUILD_H
#define DEFENDER_BRIDGE_CBUILD_H

/// The commit that the program was built from; empty if the build did not name one.
extern const char *const bridge_build_commit;

/// When the program was built, as ISO 8601; empty if the build did not name a time.
extern const char *const bridge_build_date;

#endif
