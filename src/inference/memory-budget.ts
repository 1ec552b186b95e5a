import { InferenceError } from "./inference-error.ts";

/** A session was seen to take about twice the bytes of its model file. */
const bytesPerFileByte = 2;

/** Memory that is promised to models which are being loaded, so that all of them fit together. */
export class MemoryBudget {
  private promised = 0;
  private readonly available: () => number;

  /** @param available bytes that the process can still have, by the machine and by its own limits */
  constructor(available: () => number = () => process.availableMemory()) {
    this.available = available;
  }

  /**
   * Sets the memory aside that a model takes.
   * @param fileBytes size of the model's files
   * @returns gives it back: to be called once the model is loaded, or was given up
   * @throws InferenceError `model.memory`
   */
  reserve(name: string, fileBytes: number, instances: number): () => void {
    const needed = fileBytes * bytesPerFileByte * instances;
    const free = this.available() - this.promised;
    if (needed > free) {
      throw new InferenceError(
        "model.memory",
        `The model "${name}" needs about ${megabytes(needed)} of memory for ${instances} instances, and ${megabytes(Math.max(free, 0))} are free.`,
        "Serve fewer models, versions or instances, or give the process more memory.",
      );
    }
    this.promised += needed;
    let held = true;
    return () => {
      if (held) this.promised -= needed;
      held = false;
    };
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
