import { StudioError, exitCodes } from "../../errors.ts";

export type VectorErrorCode =
  | "vector.input"
  | "vector.filter"
  | "vector.item.missing"
  | "vector.item.exists"
  | "vector.engine"
  | "vector.collection.missing"
  | "vector.collection.differs"
  | "vector.tables.missing"
  | "vector.database"
  | "vector.storage";

/** Why the vector store did not do what was asked; the server turns the code into a status. */
export class VectorError extends StudioError {
  declare readonly code: VectorErrorCode;

  constructor(code: VectorErrorCode, message: string, hint?: string) {
    super({ code, message, hint, exitCode: exitCodes.unavailable });
    this.name = "VectorError";
  }
}

export function collectionMissing(name: string): VectorError {
  return new VectorError(
    "vector.collection.missing",
    `There is no collection "${name}".`,
    `Create it with PUT /api/v1/vector/collections/${name}.`,
  );
}
