import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Changes, grows, shrinks, replaces and removes files of a folder until it is ended.
const folder = process.argv[2] ?? "";
process.stdout.write("ready\n");
for (let turn = 0; ; turn += 1) {
  const at = (name: string): string => join(folder, name);
  const letter = String.fromCharCode(97 + (turn % 26));
  for (let number = 0; number < 10; number += 1) {
    writeFileSync(at(`rewritten-${number}`), letter.repeat(50_000));
    appendFileSync(at(`growing-${number}`), letter.repeat(100));
    truncateSync(at(`shrinking-${number}`), (turn * 7919) % 900_000);
    writeFileSync(at(`comes-and-goes-${number}`), letter.repeat(1000));
    writeFileSync(at("beside"), letter.repeat(70_000));
    renameSync(at("beside"), at(`replaced-${number}`));
    rmSync(at(`comes-and-goes-${number}`));
  }
  appendFileSync(at("log"), letter.repeat(10_000));
}
