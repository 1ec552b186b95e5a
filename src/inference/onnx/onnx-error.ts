import { StudioError, exitCodes } from "../../errors.ts";

export type OnnxErrorCode =
  | "onnx.malformed"
  | "onnx.tensor"
  | "onnx.external"
  | "onnx.unreadable"
  | "onnx.too-large";

/** Why a file is not an ONNX model, or a tensor in it not what it says it is. */
export class OnnxError extends StudioError {
  declare readonly code: OnnxErrorCode;
  /** Where in the file, in bytes from its start; null where no one place is to blame. */
  readonly position: number | null;

  constructor(code: OnnxErrorCode, message: string, position: number | null = null) {
    super({
      code,
      message,
      hint: "Export the model again, or copy it again from where it came.",
      exitCode: exitCodes.usage,
      ...(position === null ? {} : { details: { position } }),
    });
    this.name = "OnnxError";
    this.position = position;
  }

  /** The same error of a named file. */
  inFile(file: string): OnnxError {
    return new OnnxError(this.code, `${file}: ${this.message}`, this.position);
  }
}
