import { randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface TreeSize {
  /** Small files of 1 to 20 kB. */
  files: number;
  /** Megabytes of models: numbers as a trained one has them, which barely compress. */
  models: number;
  /** Megabytes of SQL text. */
  sql: number;
  /** Megabytes of what does not compress at all. */
  media: number;
}

const block = 1024 * 1024;

/** Writes many small files and nothing else. */
export function writeManyFiles(root: string, files: number): void {
  for (let index = 0; index < files; index += 1) {
    const folder = join(root, "content", String(Math.floor(index / 250)));
    if (index % 250 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${index}.md`), `${index} ${randomBytes(200).toString("hex")}`);
  }
  age(root);
}

/** Writes a project's data: the same sizes each time, never the same bytes. */
export function writeTree(root: string, { files, models, sql, media }: TreeSize): void {
  for (const folder of ["models", "content", "uploads"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const words = Array.from({ length: 4000 }, () => randomBytes(4).toString("hex").slice(0, 7));
  for (let model = 0; model < 3; model += 1) {
    writeBlocks(join(root, "models", `model-${model}.onnx`), models / 3, weights);
  }
  writeBlocks(join(root, "content", "dump.sql"), sql, () => inserts(words));
  writeBlocks(join(root, "uploads", "film.mp4"), media, () => randomBytes(block));
  for (let index = 0; index < files; index += 1) {
    const folder = join(root, "content", String(Math.floor(index / 100)));
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    const length = 1000 + Math.floor(Math.random() * 19_000);
    writeFileSync(join(folder, `${index}.md`), text(words, length));
  }
  // A file that was only just written is read again by all who care for its being changed.
  age(root);
}

function writeBlocks(file: string, megabytes: number, next: () => Uint8Array): void {
  const handle = openSync(file, "w");
  for (let written = 0; written < megabytes; written += 1) writeSync(handle, next());
  closeSync(handle);
}

function weights(): Uint8Array {
  const numbers = new Float32Array(block / 4);
  for (let index = 0; index < numbers.length; index += 1) {
    const spread = Math.sqrt(-2 * Math.log(Math.random() + 1e-9));
    numbers[index] = spread * Math.cos(2 * Math.PI * Math.random()) * 0.02;
  }
  return new Uint8Array(numbers.buffer);
}

function inserts(words: readonly string[]): Buffer {
  let lines = "";
  while (lines.length < block) {
    const id = Math.floor(Math.random() * 1e9);
    lines += `INSERT INTO events VALUES (${id}, '2026-11-2${id % 10}', '${text(words, 60)}');\n`;
  }
  return Buffer.from(lines.slice(0, block));
}

function text(words: readonly string[], length: number): string {
  let result = "";
  while (result.length < length) {
    // Some words are far more common than others.
    result += `${words[Math.floor(Math.random() * Math.random() * words.length)]} `;
  }
  return result;
}

/** Changes one file in a hundred. */
export function changeTree(root: string, { files }: TreeSize): void {
  for (let index = 0; index < files; index += 100) {
    const file = join(root, "content", String(Math.floor(index / 100)), `${index}.md`);
    writeFileSync(file, randomBytes(6000).toString("hex"));
  }
  age(root);
}

/** Changes one place of each model, a hundredth of it. */
export function editModels(root: string, { models }: TreeSize): void {
  for (let model = 0; model < 3; model += 1) {
    const handle = openSync(join(root, "models", `model-${model}.onnx`), "r+");
    const at = Math.floor((Math.random() * models * block) / 3.1);
    writeSync(handle, weights().subarray(0, Math.ceil((models * block) / 300)), 0, undefined, at);
    closeSync(handle);
  }
  age(root);
}

function age(root: string): void {
  const before = new Date(Date.now() - 3_600_000);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && Date.now() - statSync(file).mtimeMs < 60_000)
      utimesSync(file, before, before);
  }
}
