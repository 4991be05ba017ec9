import AdvClassifier
import AdvEvaluation
import AdvFormats
import AdvModels
import AdvTensor
import ArgumentParser

/// Arrays in and out, for cross-checks against other frameworks.
struct ArrayOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Images as NPY, float32 [N,C,H,W] in the model's pixel space.", valueName: "file"))
  var input: String?

  @Option(help: ArgumentHelp("The NPY file to write.", valueName: "file"))
  var output: String?

  @Flag(help: "The input is what the model's preprocessing would give.")
  var raw = false

  /// The images of `--input`; pixels must be finite, and in 0…1 unless `--raw`.
  func images(for model: Model) throws -> Tensor {
    guard let input else { throw InputError("no images: give --input FILE.npy.") }
    let images = try NPY.readTensor(input)
    guard images.shape.rank == model.inputShape.rank + 1 else {
      throw InputError(
        "\(input): the array is \(images.shape), expected [N, …] with images of \(model.inputShape).")
    }
    if let index = images.withElements({ $0.firstIndex { !$0.isFinite } }) {
      throw InputError(
        "\(input): element \(index) is \(images[index]), expected finite numbers.\n  Clean the array first.")
    }
    if !raw, let index = images.withElements({ $0.firstIndex { $0 < -Self.slack || $0 > 1 + Self.slack } }) {
      throw InputError(
        "\(input): element \(index) is \(images[index]), expected pixels in 0…1.\n"
          + "  Divide bytes by 255; give --raw for input that is preprocessed already.")
    }
    return images
  }

  private static let slack: Float = 1e-4  // what a round trip through mean and deviation leaves

  /// The model for images of the array's size, compiled for pixels or for preprocessed input.
  func classifier(
    _ model: Model, for images: Tensor, _ arithmetic: ArithmeticOptions
  ) throws -> Classifier {
    let fitting = try model.accepting(images.shape.droppingFirst())
    return try arithmetic.classifier(fitting, from: raw ? .raw : .pixels)
  }

  /// Writes the result, or prints its shape and first numbers where no file was named.
  func deliver(_ result: Tensor, named what: String, quiet: Bool, on console: Console) throws {
    guard let output else { throw InputError("no file for the \(what): give --output FILE.npy.") }
    try NPY.write(result, to: output)
    if !quiet { console.note("\(output): \(what), float32 \(result.shape)") }
  }
}
