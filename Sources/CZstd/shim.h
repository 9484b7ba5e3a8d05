// What Diffs uses of Zstandard (RFC 8878), Debian's libzstd-dev. No logic lives here.
#ifndef POGO_CZSTD_SHIM_H
#define POGO_CZSTD_SHIM_H

#include <zstd.h>

#endif
