import COpenSSL
import Testing

@Suite struct COpenSSLTests {
  @Test func libraryHasTheMajorVersionOfTheHeaders() {
    let headers = UInt(pogo_openssl_header_version()) >> 28
    #expect(headers >= 3)
    #expect(UInt(OpenSSL_version_num()) >> 28 == headers)
  }

  @Test func accessorsNameWhatOpenSSLCallsSo() {
    #expect(String(cString: OBJ_nid2sn(pogo_nid_p256())) == "prime256v1")
    #expect(String(cString: OBJ_nid2sn(pogo_evp_pkey_ed25519())) == "ED25519")
    let number = BN_new()
    defer { BN_free(number) }
    #expect(BN_get_flags(number, pogo_bn_flag_constant_time()) == 0)
    BN_set_flags(number, pogo_bn_flag_constant_time())
    #expect(BN_get_flags(number, pogo_bn_flag_constant_time()) == pogo_bn_flag_constant_time())
    #expect(pogo_bn_flag_constant_time() != 0)
  }

  @Test func digestThroughTheModuleMap() {
    var digest = [UInt8](repeating: 0, count: 32)
    let message: [UInt8] = [0x61, 0x62, 0x63]
    var byteCount = 0
    #expect(EVP_Q_digest(nil, "SHA256", nil, message, message.count, &digest, &byteCount) == 1)
    #expect(byteCount == 32)
    #expect(digest.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
  }
}
