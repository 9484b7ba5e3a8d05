// swift-tools-version: 6.1
import PackageDescription

/// Floors of the house, lowest first; a module imports only modules named before it.
/// `docs/architecture.md` draws the same map.
let package = Package(
  name: "pogo",
  products: [
    .executable(name: "pogo", targets: ["pogo"]),
    .library(name: "Harness", targets: ["Harness"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // 0: C, and the faces of Debian's libraries.
    .target(name: "CKernels"),
    .systemLibrary(
      name: "COpenBLAS", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CHDF5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    // 1
    .target(name: "HDF5", dependencies: ["CHDF5"]),
    .target(name: "Safetensors"),
    // 2
    .target(name: "Kernels", dependencies: ["CKernels", "COpenBLAS"]),
    .target(name: "Proofs", dependencies: ["CKernels", "COpenSSL"]),
    // 3
    .target(name: "Quant", dependencies: ["CKernels", "Kernels"]),
    .target(name: "Models", dependencies: ["Kernels"]),
    .target(name: "Diffs", dependencies: ["CZstd", "COpenBLAS", "Kernels", "Proofs", "Quant"]),
    // 4
    .target(name: "Checkpoints", dependencies: ["Safetensors", "Kernels", "Models"]),
    .target(name: "Protocol", dependencies: ["Kernels", "Proofs", "Quant", "Models"]),
    // 5
    .target(
      name: "Costs",
      dependencies: ["COpenBLAS", "Proofs", "Quant", "Models", "Protocol"]),
    // 6
    .target(
      name: "Harness",
      dependencies: [
        "HDF5", "Safetensors", "Kernels", "Proofs", "Quant", "Models", "Checkpoints", "Diffs",
        "Protocol", "Costs",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Mustache", package: "swift-mustache"),
      ]),
    // 7
    .executableTarget(
      name: "pogo",
      dependencies: [
        "Harness", "Kernels", "HDF5", "Safetensors", "Checkpoints",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // Changed inputs for the parsers' tests.
    .target(name: "Fuzzing", path: "Tests/Fuzzing"),
    // Counts what tests allocate.
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
  ]
    + [
      ("CKernels", ["CKernels"]),
      ("COpenBLAS", ["COpenBLAS"]),
      ("COpenSSL", ["COpenSSL"]),
      ("CHDF5", ["CHDF5"]),
      ("HDF5", ["HDF5", "CHDF5"]),
      ("Safetensors", ["Safetensors"]),
      ("Kernels", ["Kernels"]),
      ("Proofs", ["Proofs", "Fuzzing"]),
      ("Quant", ["Quant", "Kernels"]),
      ("Models", ["Models", "Kernels", "AllocationCounter"]),
      ("Checkpoints", ["Checkpoints", "Safetensors", "Models", "Kernels"]),
      ("Diffs", ["Diffs", "Kernels", "Proofs", "Quant", "Models", "Fuzzing"]),
      ("Protocol", ["Protocol", "Models", "Kernels", "Proofs", "Quant"]),
      ("Costs", ["Costs", "Protocol", "Models", "Kernels", "Proofs", "Quant"]),
      (
        "Harness",
        [
          "Harness", "HDF5", "Protocol", "Models", "Kernels", "Proofs", "Quant", "Fuzzing",
          "Checkpoints", "Safetensors",
        ]
      ),
      ("pogo", ["pogo", "Harness"]),
    ].map { name, dependencies in
      .testTarget(
        name: "\(name)Tests", dependencies: dependencies.map { .target(name: $0) })
    }
)
