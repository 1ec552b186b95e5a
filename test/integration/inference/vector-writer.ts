import { connectDatabase } from "../../../src/database/connect.ts";
import { VectorStore } from "../../../src/inference/vectors.ts";

/** Writes items to a SQLite file until it is killed, and tells each that was acknowledged. */
const [file = "", prefix = ""] = process.argv.slice(2);
const database = await connectDatabase(
  { dialect: "sqlite", file, url: `sqlite:${file}` },
  { busyTimeout: 50 },
);
const store = new VectorStore(database, { now: () => new Date() });
for (let number = 0; ; number++) {
  const vector = [number, 1];
  const pair = [
    { id: `${prefix}-${number}-a`, vector },
    { id: `${prefix}-${number}-b`, vector },
  ];
  await store.put("kept", pair);
  if (number % 3 === 2) await store.delete("kept", [`${prefix}-${number - 1}-a`]);
  process.stdout.write(`${number}\n`);
}
