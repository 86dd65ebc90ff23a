/* Attributes, for the files of this folder. */
#ifndef TRIREME_STORE_ATTRIBUTE_H
#define TRIREME_STORE_ATTRIBUTE_H

#include "store/hdf5.h"

/* Variable-length UTF-8: what h5py reads as str. To be closed by the caller. */
hid_t tri_h5_text_type(void);

/* Copies the attributes of one object to another, but those that refer to objects. False: the error stack says why. */
int tri_h5_copy_attributes(hid_t from, hid_t to);

#endif
