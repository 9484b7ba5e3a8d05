import CHDF5
import Testing

@Suite struct ShimTests {
  @Test func libraryIsOfTheSupportedSeries() {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    #expect(H5get_libversion(&major, &minor, &release) >= 0)
    #expect((major, minor) >= (1, 10))
  }

  @Test func numberTypesHaveTheirSizes() {
    let sizes: [(hid_t, hid_t, Int)] = [
      (get_H5T_NATIVE_FLOAT(), get_H5T_IEEE_F32LE(), 4),
      (get_H5T_NATIVE_DOUBLE(), get_H5T_IEEE_F64LE(), 8),
      (get_H5T_NATIVE_INT8(), get_H5T_STD_I8LE(), 1),
      (get_H5T_NATIVE_INT16(), get_H5T_STD_I16LE(), 2),
      (get_H5T_NATIVE_INT32(), get_H5T_STD_I32LE(), 4),
      (get_H5T_NATIVE_INT64(), get_H5T_STD_I64LE(), 8),
      (get_H5T_NATIVE_UINT8(), get_H5T_STD_U8LE(), 1),
      (get_H5T_NATIVE_UINT16(), get_H5T_STD_U16LE(), 2),
      (get_H5T_NATIVE_UINT32(), get_H5T_STD_U32LE(), 4),
      (get_H5T_NATIVE_UINT64(), get_H5T_STD_U64LE(), 8),
    ]
    for (memory, file, size) in sizes {
      #expect(H5Tget_size(memory) == size)
      #expect(H5Tget_size(file) == size)
      // A little-endian processor holds numbers as the files do.
      #expect((H5Tequal(memory, file) > 0) == (1.littleEndian == 1))
      #expect(H5Tget_order(file) == H5T_ORDER_LE)
    }
    #expect(H5Tget_order(get_H5T_IEEE_F32BE()) == H5T_ORDER_BE)
    #expect(H5Tget_order(get_H5T_IEEE_F64BE()) == H5T_ORDER_BE)
  }

  @Test func propertyListClassesAreKnown() {
    let classes = [
      get_H5P_FILE_CREATE(), get_H5P_FILE_ACCESS(), get_H5P_GROUP_CREATE(), get_H5P_GROUP_ACCESS(),
      get_H5P_DATASET_CREATE(), get_H5P_DATASET_ACCESS(), get_H5P_DATASET_XFER(),
      get_H5P_LINK_CREATE(), get_H5P_LINK_ACCESS(), get_H5P_ATTRIBUTE_CREATE(),
    ]
    #expect(Set(classes).count == classes.count)
    for list in classes.map({ H5Pcreate($0) }) {
      #expect(list > 0)
      #expect(H5Pclose(list) == 0)
    }
    #expect(get_H5P_DEFAULT() == 0)
  }

  @Test func filtersAreAvailable() {
    let filters = [get_H5Z_FILTER_DEFLATE(), get_H5Z_FILTER_SHUFFLE(), get_H5Z_FILTER_FLETCHER32()]
    for filter in filters { #expect(H5Zfilter_avail(filter) > 0) }
  }

  @Test func constantsDiffer() {
    #expect(get_H5F_ACC_RDONLY() == 0)
    let flags = [
      get_H5F_ACC_RDWR(), get_H5F_ACC_TRUNC(), get_H5F_ACC_EXCL(), get_H5F_ACC_CREAT(),
    ]
    #expect(Set(flags).count == flags.count)
    #expect(get_H5P_CRT_ORDER_TRACKED() != get_H5P_CRT_ORDER_INDEXED())
    #expect(get_H5S_ALL() == 0)
    #expect(get_H5S_UNLIMITED() == .max)
    #expect(get_H5S_MAX_RANK() == 32)
    #expect(get_H5E_DEFAULT() == 0)
    #expect(get_H5T_VARIABLE() == -1)
    #expect(H5Tget_class(get_H5T_C_S1()) == H5T_STRING)
  }
}
