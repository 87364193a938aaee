/* Media types of files, by their names. */
#ifndef PUBLISH_MEDIA_TYPE_H
#define PUBLISH_MEDIA_TYPE_H

#include "base/slice.h"

/* Never empty: what has no known extension is "application/octet-stream". */
spin_slice_t media_type_of(spin_slice_t name);

#endif
