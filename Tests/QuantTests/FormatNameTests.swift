import Quant
import Testing

@Suite struct FormatNameTests {
  @Test func everyNameIsReadBack() throws {
    for format in allFormats {
      #expect(try QuantizationFormat(named: format.name) == format)
      #expect(Element(named: format.element.name) == format.element)
      #expect(Element(identifier: format.element.format.identifier) == format.element)
      #expect(ScaleFormat(identifier: format.scale.identifier) == format.scale)
    }
    #expect(Set(allFormats.map(\.name)).count == allFormats.count)
    #expect(Set(Element.all.map(\.format.identifier)).count == Element.all.count)
  }

  @Test func namesAreShortForDefaults() throws {
    #expect(try QuantizationFormat(named: "int4").name == "int4:g64:float32")
    #expect(try QuantizationFormat(named: "int4:float16:g32").name == "int4:g32:float16")
    #expect(try QuantizationFormat(named: "uint8:tensor").groupSize == .max)
    #expect(try QuantizationFormat(named: "float32") == .float32)
    #expect(try QuantizationFormat(named: "bfloat16:g32").name == "bfloat16")
    #expect(try QuantizationFormat(named: "mxfp4").name == "fp4-e2m1:g32:e8m0")
    #expect(try QuantizationFormat(named: "mxfp4:g64:mse").name == "fp4-e2m1:g64:e8m0:mse")
    #expect(try QuantizationFormat(named: "sign:absmax").name == "sign:g64:float32:absmax")
    #expect(try QuantizationFormat(named: "sign:mean").name == "sign:g64:float32")
    #expect(try QuantizationFormat(named: "fp8-e4m3:none").name == "fp8-e4m3:none")
    #expect(try QuantizationFormat(named: "lm4").name == "lm4:g32:float16")
    #expect(
      try QuantizationFormat(named: "int2:had64-7:stochastic:p99.5").name
        == "int2:g64:float32:stochastic:p99.5:had64-7")
    for alias in QuantizationFormat.aliases {
      #expect(
        try QuantizationFormat(named: alias.name) == QuantizationFormat(named: alias.meaning))
    }
  }

  @Test(arguments: [
    "", "int1", "int9", "int4:", ":int4", "int4:g", "int4:g64:g64", "int4:float32:float16",
    "int4:g64x", "int4:g064", "int4:had3", "int4:had64-0", "mxfp4:g32:g32", "int4:p0", "int4:64",
    "INT4", "int4:tensor:g64", "int4:g9223372036854775807", "mx", "int4:mse:absmax",
    "int4:had64:had32",
  ])
  func otherNamesAreRefused(name: String) {
    let error = #expect(throws: QuantError.self) { try QuantizationFormat(named: name) }
    guard case .unknownName(name, _) = error else {
      Issue.record("\(name): \(String(describing: error))")
      return
    }
  }

  @Test func impossiblePartsAreRefused() throws {
    #expect(throws: QuantError.scaleNotOffered(.none, element: "int4")) {
      try QuantizationFormat(named: "int4:none")
    }
    #expect(throws: QuantError.scaleNotOffered(.e8m0, element: "float16")) {
      try QuantizationFormat(named: "float16:e8m0")
    }
    #expect(throws: QuantError.groupSizeOutOfRange(groupSize: 0, allowed: 1...65536)) {
      try QuantizationFormat(named: "int4:g0")
    }
  }
}
