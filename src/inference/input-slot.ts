import { layOut } from "./tensor-layout.ts";
import type { NumericData, Tensor, Tensors } from "./tensor.ts";
import type { ToWorker, ValueShape } from "./worker-protocol.ts";

type Run = Extract<ToWorker, { kind: "run" }>;

const smallestSlot = 64 * 1024;

/** Where the inputs of one worker are put: memory that both threads see, used again and again. */
export class InputSlot {
  private slot: SharedArrayBuffer | null = null;
  private readonly values: readonly ValueShape[];
  private readonly largest: number;

  /** @param largest bytes beyond which memory serves one run and is given back */
  constructor(values: readonly ValueShape[], largest: number) {
    this.values = values;
    this.largest = largest;
  }

  /** Joins the rows of the parts in the slot; the message tells the worker where they lie. */
  write(parts: readonly Tensors[]): Omit<Run, "kind" | "id"> {
    const columns = this.values.map(({ name }) => parts.map((part) => part[name] as Tensor));
    const shapes = columns.map(joinedShape);
    const { offsets, bytes } = layOut(this.values, shapes);
    const { slot, keep } = this.slotFor(bytes);
    for (const [index, tensors] of columns.entries()) {
      let offset = offsets[index] as number;
      for (const { data } of tensors) {
        if (!Array.isArray(data)) offset += copyBytes(data, slot, offset);
      }
    }
    const texts = columns.map(joinedTexts);
    const known = slot === this.slot;
    // Only now: when a part cannot be read, the worker is never told of the slot.
    if (keep) this.slot = slot;
    return {
      slot: known ? null : slot,
      keep,
      shapes,
      texts: texts.some((column) => column !== null) ? texts : null,
    };
  }

  private slotFor(bytes: number): { slot: SharedArrayBuffer; keep: boolean } {
    if (this.slot !== null && this.slot.byteLength >= bytes) return { slot: this.slot, keep: true };
    if (bytes > this.largest) return { slot: new SharedArrayBuffer(bytes), keep: false };
    const size = Math.max(2 ** Math.ceil(Math.log2(Math.max(bytes, 1))), smallestSlot);
    return { slot: new SharedArrayBuffer(Math.min(size, this.largest)), keep: true };
  }
}

function joinedShape(tensors: readonly Tensor[]): readonly number[] {
  const { dims } = tensors[0] as Tensor;
  if (tensors.length === 1) return dims;
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.dims[0] as number), 0);
  return [rows, ...dims.slice(1)];
}

function joinedTexts(tensors: readonly Tensor[]): string[] | null {
  if (tensors[0]?.type !== "string") return null;
  return tensors.flatMap(({ data }) => data as string[]);
}

/** Bytes, so that no bit of a number changes on the way, whatever its type. */
function copyBytes(data: NumericData, slot: SharedArrayBuffer, offset: number): number {
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  new Uint8Array(slot, offset, source.length).set(source);
  return source.length;
}
