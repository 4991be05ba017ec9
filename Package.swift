// swift-tools-version: 6.1
import PackageDescription

// The arrows of DESIGN.md section 3: a target imports what its line lists, and nothing else.
// `make lint` and the build flag --explicit-target-dependency-import-check hold them.

/// A library target of ours; `imports` are the only modules that its files may import.
func library(_ name: String, imports: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: imports)
}

/// A test target: the module under test, the conformance suites, and what else a test needs.
func tests(_ module: String, imports: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(module)Tests", dependencies: [.byName(name: module), "AdvConformance"] + imports)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")

let package = Package(
  name: "advkit",
  products: [.executable(name: "advkit", targets: ["advkit"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // C and C++: shims over system libraries, the kernels, the embedded weights.
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
    .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
    .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("openblas")]),
    .target(name: "CKernels"),
    .target(name: "CWeights", exclude: ["weights"]),
    .target(name: "CAllocationCounter"),

    library("AdvSettings", imports: []),
    library("AdvTensor", imports: []),
    library("AdvGraph", imports: ["AdvTensor"]),
    library("AdvRuntime", imports: ["AdvTensor", "AdvGraph", "CKernels", "COpenBLAS"]),
    library("AdvFormats", imports: ["AdvTensor", "AdvGraph", "CPNG", "CJPEG", "CZlib", "CCrypto"]),
    library("AdvModels", imports: ["AdvSettings", "AdvTensor", "AdvGraph", "AdvFormats", "CWeights"]),
    library("AdvData", imports: ["AdvSettings", "AdvTensor", "AdvFormats", "COpenBLAS"]),
    library("AdvThreat", imports: ["AdvSettings", "AdvTensor"]),
    library("AdvAttacks", imports: ["AdvTensor", "AdvThreat"]),
    library("AdvVisual", imports: ["AdvTensor", "AdvThreat"]),
    library(
      "AdvClassifier",
      imports: ["AdvTensor", "AdvGraph", "AdvRuntime", "AdvFormats", "AdvModels", "AdvThreat"]),
    library(
      "AdvDefenses", imports: ["AdvTensor", "AdvGraph", "AdvFormats", "AdvThreat", "AdvClassifier"]),
    library(
      "AdvTraining",
      imports: [
        "AdvSettings", "AdvTensor", "AdvGraph", "AdvRuntime", "AdvFormats", "AdvModels", "AdvThreat",
        "AdvClassifier", "AdvAttacks", "AdvData",
      ]),
    library(
      "AdvEvaluation",
      imports: [
        "AdvTensor", "AdvGraph", "AdvFormats", "AdvModels", "AdvThreat", "AdvClassifier", "AdvAttacks",
        "AdvDefenses", "AdvData", "AdvVisual", "CSQLite", mustache,
      ]),
    library(
      "AdvCommands",
      imports: [
        "AdvSettings", "AdvTensor", "AdvGraph", "AdvRuntime", "AdvFormats", "AdvModels", "AdvData",
        "AdvThreat", "AdvAttacks", "AdvVisual", "AdvClassifier", "AdvDefenses", "AdvTraining",
        "AdvEvaluation", "CAllocationCounter", argumentParser, yams,
      ]),
    .executableTarget(name: "advkit", dependencies: ["AdvCommands", argumentParser]),

    // Conformance suites that every catalogue entry must pass.
    .target(
      name: "AdvConformance",
      dependencies: ["AdvTensor", "AdvGraph", "AdvRuntime", "AdvThreat", "AdvAttacks", "AdvDefenses"],
      path: "Tests/AdvConformance"),
    tests("AdvSettings"),
    // Mutated files: what changes them, and the program that Scripts/fuzz.sh runs under the address sanitiser.
    .target(name: "AdvMutator", dependencies: ["AdvTensor"], path: "Tests/Fuzzing/Mutator"),
    .executableTarget(
      name: "advfuzz", dependencies: ["AdvFormats", "AdvMutator", "AdvTensor"], path: "Tests/Fuzzing/Driver"),
    tests("AdvTensor"),
    tests("AdvGraph", imports: ["AdvTensor"]),
    tests("AdvRuntime", imports: ["AdvTensor", "AdvGraph", "AdvModels", "CKernels", "CAllocationCounter"]),
    tests("AdvModels", imports: ["AdvSettings", "AdvTensor", "AdvGraph", "AdvFormats"]),
    tests("AdvFormats", imports: ["AdvTensor", "AdvGraph", "AdvRuntime", "AdvMutator", "CZlib"]),
    tests("AdvData", imports: ["AdvTensor", "AdvFormats"]),
    tests("AdvThreat", imports: ["AdvTensor"]),
    tests("AdvVisual", imports: ["AdvTensor", "AdvThreat", "AdvClassifier", "AdvModels"]),
    tests(
      "AdvAttacks",
      imports: [
        "AdvTensor", "AdvThreat", "AdvFormats", "AdvClassifier", "AdvModels", "CAllocationCounter",
      ]),
    tests(
      "AdvClassifier",
      imports: ["AdvTensor", "AdvGraph", "AdvRuntime", "AdvFormats", "AdvModels", "AdvThreat"]),
    tests(
      "AdvDefenses",
      imports: [
        "AdvTensor", "AdvGraph", "AdvFormats", "AdvThreat", "AdvAttacks", "AdvClassifier", "AdvModels",
      ]),
    tests(
      "AdvTraining",
      imports: [
        "AdvTensor", "AdvGraph", "AdvRuntime", "AdvModels", "AdvData", "AdvFormats", "AdvThreat",
        "AdvClassifier",
      ]),
    tests(
      "AdvEvaluation",
      imports: [
        "AdvTensor", "AdvGraph", "AdvFormats", "AdvThreat", "AdvAttacks", "AdvVisual", "AdvClassifier",
        "AdvData", "AdvModels",
      ]),
    tests(
      "AdvCommands",
      imports: ["AdvTensor", "AdvFormats", "AdvData", "AdvEvaluation", "AdvModels", argumentParser]),
  ],
  cxxLanguageStandard: .cxx20
)
