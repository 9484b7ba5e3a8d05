#ifndef POGO_CHDF5_SHIM_H
#define POGO_CHDF5_SHIM_H

#pragma STDC FP_CONTRACT OFF

#include <fcntl.h>
#include <hdf5/serial/hdf5.h>
#include <hdf5/serial/hdf5_hl.h>

// Most constants of the library are macros that call H5open() or cast, which Swift cannot import.
// Each becomes a function of the same name with "get_" in front: get_H5P_DEFAULT().
#define POGO_GET(type, name) \
  static inline type get_##name(void) { return name; }

// Files.
POGO_GET(unsigned, H5F_ACC_RDONLY)
POGO_GET(unsigned, H5F_ACC_RDWR)
POGO_GET(unsigned, H5F_ACC_TRUNC)
POGO_GET(unsigned, H5F_ACC_EXCL)
POGO_GET(unsigned, H5F_ACC_CREAT)

// Types in memory.
POGO_GET(hid_t, H5T_NATIVE_FLOAT)
POGO_GET(hid_t, H5T_NATIVE_DOUBLE)
POGO_GET(hid_t, H5T_NATIVE_INT8)
POGO_GET(hid_t, H5T_NATIVE_INT16)
POGO_GET(hid_t, H5T_NATIVE_INT32)
POGO_GET(hid_t, H5T_NATIVE_INT64)
POGO_GET(hid_t, H5T_NATIVE_UINT8)
POGO_GET(hid_t, H5T_NATIVE_UINT16)
POGO_GET(hid_t, H5T_NATIVE_UINT32)
POGO_GET(hid_t, H5T_NATIVE_UINT64)
POGO_GET(hid_t, H5T_C_S1)
POGO_GET(size_t, H5T_VARIABLE)

// Types in files.
POGO_GET(hid_t, H5T_IEEE_F32LE)
POGO_GET(hid_t, H5T_IEEE_F64LE)
POGO_GET(hid_t, H5T_IEEE_F32BE)
POGO_GET(hid_t, H5T_IEEE_F64BE)
POGO_GET(hid_t, H5T_STD_I8LE)
POGO_GET(hid_t, H5T_STD_I16LE)
POGO_GET(hid_t, H5T_STD_I32LE)
POGO_GET(hid_t, H5T_STD_I64LE)
POGO_GET(hid_t, H5T_STD_U8LE)
POGO_GET(hid_t, H5T_STD_U16LE)
POGO_GET(hid_t, H5T_STD_U32LE)
POGO_GET(hid_t, H5T_STD_U64LE)

// Property lists.
POGO_GET(hid_t, H5P_DEFAULT)
POGO_GET(hid_t, H5P_FILE_CREATE)
POGO_GET(hid_t, H5P_FILE_ACCESS)
POGO_GET(hid_t, H5P_GROUP_CREATE)
POGO_GET(hid_t, H5P_GROUP_ACCESS)
POGO_GET(hid_t, H5P_DATASET_CREATE)
POGO_GET(hid_t, H5P_DATASET_ACCESS)
POGO_GET(hid_t, H5P_DATASET_XFER)
POGO_GET(hid_t, H5P_LINK_CREATE)
POGO_GET(hid_t, H5P_LINK_ACCESS)
POGO_GET(hid_t, H5P_ATTRIBUTE_CREATE)
POGO_GET(unsigned, H5P_CRT_ORDER_TRACKED)
POGO_GET(unsigned, H5P_CRT_ORDER_INDEXED)

// Data spaces, errors, filters.
POGO_GET(hid_t, H5S_ALL)
POGO_GET(hsize_t, H5S_UNLIMITED)
POGO_GET(int, H5S_MAX_RANK)
POGO_GET(hid_t, H5E_DEFAULT)
POGO_GET(H5Z_filter_t, H5Z_FILTER_DEFLATE)
POGO_GET(H5Z_filter_t, H5Z_FILTER_SHUFFLE)
POGO_GET(H5Z_filter_t, H5Z_FILTER_FLETCHER32)

#undef POGO_GET

/// The flag of open() that writes past the page cache; it has another value on every processor.
static inline int pogo_O_DIRECT(void) { return __O_DIRECT; }

#endif
