/** @file
 * The version of the library.
 *
 * Programs built with one version run with a later library of the same SOVERSION: MAJOR from version 1 on,
 * 0.MINOR before. Within a SOVERSION no function disappears or changes its parameters, no enumerator changes
 * its value and no public struct changes its layout; functions and enumerators may be added. doc/abi.md has
 * the details.
 */
#ifndef TRIREME_VERSION_H
#define TRIREME_VERSION_H

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The first number of the version of these headers. */
#define TRIREME_VERSION_MAJOR 0
/** The second number, at most 99. */
#define TRIREME_VERSION_MINOR 1
/** The third number, at most 99. */
#define TRIREME_VERSION_PATCH 0

/** The version of these headers as one number: 10203 is version 1.2.3. Compare it with `#if TRIREME_VERSION
 * >= 10203`. */
#define TRIREME_VERSION (TRIREME_VERSION_MAJOR * 10000 + TRIREME_VERSION_MINOR * 100 + TRIREME_VERSION_PATCH)

/** The version of the loaded library, a number like TRIREME_VERSION. Local, thread-safe. */
TRI_API int tri_version(void);

#ifdef __cplusplus
}
#endif
#endif
