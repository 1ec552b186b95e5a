const quote = 0x27;
const backslash = 0x5c;
const open = 0x28;
const close = 0x29;
const backtick = 0x60;
const semicolon = 0x3b;
const letterV = 0x56;
const insert = Buffer.from("INSERT INTO `");

/**
 * Counts the rows of `INSERT INTO … VALUES (…),(…);` statements, given in pieces: a row is what
 * stands between a parenthesis and the one that closes it, outside of quotes. Strings are as
 * mysqldump writes them, with backslashes as escapes.
 */
export class RowCounter {
  rows = 0;
  #inStatement = false;
  #inValues = false;
  #inName = false;
  #inText = false;
  #escaped = false;
  #depth = 0;

  take(line: Buffer): void {
    if (!this.#inStatement) {
      if (!line.subarray(0, insert.length).equals(insert)) return;
      this.#inStatement = true;
      this.#inValues = false;
    }
    for (const byte of line) this.#step(byte);
  }

  #step(byte: number): void {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inText = false;
    } else if (this.#inName) {
      if (byte === backtick) this.#inName = false;
    } else if (byte === quote) this.#inText = true;
    else if (byte === backtick) this.#inName = true;
    else if (byte === open) this.#depth += 1;
    else if (byte === close) this.#closeOne();
    else if (byte === semicolon && this.#depth === 0) this.#inStatement = false;
    // The first V outside of names and of the list of columns is that of VALUES.
    else if (byte === letterV && this.#depth === 0) this.#inValues = true;
  }

  #closeOne(): void {
    this.#depth -= 1;
    if (this.#depth === 0 && this.#inValues) this.rows += 1;
  }
}
