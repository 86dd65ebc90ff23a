/* Attributes. Internal. */
#ifndef TRIREME_STORE_ATTRIBUTE_H
#define TRIREME_STORE_ATTRIBUTE_H

#include "store/hdf5.h"

/* Variable-length UTF-8, which h5py reads as str. The caller closes it. */
hid_t tri_h5_text_type(void);

/* Copies the attributes of an object, except object references. False: the error stack has the reason. */
int tri_h5_copy_attributes(hid_t from, hid_t to);

#endif
