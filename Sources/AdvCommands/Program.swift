import ArgumentParser

/// A command that writes to a given console instead of the process's streams.
protocol ConsoleCommand: ParsableCommand {
  /// Does the work; what it throws is printed and ends the process with `ExitStatus.noResult`.
  func execute(on console: Console) throws -> ExitStatus
}

/// The program: arguments in, text and an exit status out.
public enum Program {
  /// Runs one command line (without the program's name). Never throws, never exits: the caller does.
  public static func run(_ arguments: [String], on console: Console) -> ExitStatus {
    var command: any ParsableCommand
    do {
      command = try Advkit.parseAsRoot(arguments)
    } catch {
      return report(parsing: error, on: console)
    }
    do {
      if let command = command as? any ConsoleCommand { return try command.execute(on: console) }
    } catch let error as ValidationError {
      return report(parsing: error, on: console)
    } catch {
      console.note("error: \(error)")
      return .noResult
    }
    return help(from: &command, on: console)
  }

  /// What is left are the parser's own commands: a request for help runs into an error that carries the text.
  private static func help(from command: inout any ParsableCommand, on console: Console) -> ExitStatus {
    do {
      try command.run()
      return .done
    } catch {
      return report(parsing: error, on: console)
    }
  }

  /// Help and version go to standard output and are no failure; everything else is a usage error.
  private static func report(parsing error: any Error, on console: Console) -> ExitStatus {
    let message = Advkit.fullMessage(for: error, columns: 100)
    if Advkit.exitCode(for: error).isSuccess {
      console.print(message)
      return .done
    }
    console.note(message)
    return .usage
  }
}
