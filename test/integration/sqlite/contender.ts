import { setTimeout as sleep } from "node:timers/promises";
import { openLockFile } from "../../../src/sqlite/lock-file.ts";

/**
 * node contender.ts FILE NAME START HOLD: asks once for the lock at START (milliseconds since
 * 1970), says `taken` or `held by <holder>`, and keeps what it took for HOLD milliseconds.
 */
const [file = "", name = "", start = "", hold = ""] = process.argv.slice(2);
const lock = openLockFile(file);
await sleep(Number(start) - Date.now() - 5);
while (Date.now() < Number(start)) continue;
if (lock.tryAcquire(name)) {
  process.stdout.write("taken\n");
  await sleep(Number(hold));
} else {
  process.stdout.write(`held by ${lock.holder()}\n`);
}
lock.close();
