/**
 * A message as it was read; its fields are properties. It remembers the bytes it was read from: as
 * it is frozen, they always are what it says. A copy made to change it (`{ ...message }`) is an
 * ordinary object, and remembers nothing.
 */
export class DecodedMessage {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The bytes a message was read from; null when it was made or changed since. */
  static sourceOf(message: object): Uint8Array | null {
    if (!(#bytes in message)) return null;
    return message.#bytes.subarray(message.#start, message.#end);
  }
}
