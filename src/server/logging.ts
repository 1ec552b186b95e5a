import { type DestinationStream, type Logger, type LoggerOptions, multistream, pino } from "pino";
import { maskSecrets } from "./mask-secrets.ts";
import { RotatingFile, type RotationOptions } from "./rotating-file.ts";

export interface LoggerSettings {
  /** Absolute path of the file that gets every line. */
  file: string;
  /** Absolute path of the file that gets the lines of level error and above as well. */
  errorsFile: string;
  /** trace, debug, info, warn, error or fatal. */
  level: string;
  environment: string;
  rotation?: RotationOptions;
}

/** Logs JSON lines to two rotated files, each line written before the call returns. */
export function createLogger(settings: LoggerSettings): Logger {
  const { file, errorsFile, level, environment, rotation } = settings;
  const streams = multistream([
    { level: "trace", stream: new RotatingFile(file, rotation) },
    { level: "error", stream: new RotatingFile(errorsFile, rotation) },
  ]);
  return pino(lineFormat(level, environment), streams);
}

/** Logs JSON lines to a stream: the daemon in the foreground. */
export function createConsoleLogger(
  stream: DestinationStream,
  { level = "info", environment }: { level?: string; environment: string },
): Logger {
  return pino(lineFormat(level, environment), stream);
}

/** timestamp, level, environment, module and requestId where they apply, message. */
function lineFormat(level: string, environment: string): LoggerOptions {
  return {
    level,
    base: { environment },
    messageKey: "message",
    errorKey: "error",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: maskSecrets },
  };
}
