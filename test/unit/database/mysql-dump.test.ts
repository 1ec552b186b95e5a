import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { optionsText } from "../../../src/database/mysql/options-file.ts";
import { RowCounter } from "../../../src/database/mysql/row-counter.ts";
import { splitDump } from "../../../src/database/mysql/split-dump.ts";

function count(...lines: string[]): number {
  const counter = new RowCounter();
  for (const line of lines) counter.take(Buffer.from(line));
  return counter.rows;
}

test("rows are counted on one line, as MySQL writes them, and on many, as MariaDB does", () => {
  expect(count("INSERT INTO `a` VALUES (1,'x'),(2,'y'),(3,NULL);\n")).toBe(3);
  expect(count("INSERT INTO `a` VALUES\n", "(1,'x'),\n", "(2,'y');\n")).toBe(2);
  expect(count("INSERT INTO `a` (`b`, `c`) VALUES (1,2);\n", "INSERT INTO `a` VALUES (3);\n")).toBe(
    2,
  );
});

test("what looks like rows within texts, names and comments is not counted", () => {
  expect(count(`INSERT INTO \`a\` VALUES (1,'),(2,\\'),(3,'),(_binary 'x\\\\',0xFF);\n`)).toBe(2);
  expect(count("INSERT INTO `a (V) VALUES (` VALUES (1);\n")).toBe(1);
  expect(count("INSERT INTO `a` (`V (`,`b`) VALUES (1,2);\n")).toBe(1);
  expect(count("/*!40000 ALTER TABLE `a` DISABLE KEYS */;\n", "-- (1),(2)\n")).toBe(0);
});

async function split(text: string, chunk: number) {
  const folder = mkdtempSync(join(tmpdir(), "studio-split-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const result = await splitDump(chunks(), (table) => join(folder, table.replaceAll("/", "_")));
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
  return { ...result, files: Object.fromEntries(files) as Record<string, string> };
}

const dump = [
  "/*!40103 SET TIME_ZONE='+00:00' */;",
  "",
  "--",
  "-- Dumping data for table `a`",
  "--",
  "INSERT INTO `a` VALUES (1,'-- Dumping data for table `z`'),(2,'ü');",
  "",
  "--",
  "-- Dumping data for table `b``/c`",
  "--",
  "/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;",
  "",
  "-- Dump completed",
  "",
].join("\n");

test.each([1, 7, 4096])("a dump is split by table, in pieces of %d bytes", async (chunk) => {
  const { tables, complete, files } = await split(dump, chunk);
  expect(complete).toBe(true);
  expect(tables).toMatchObject([
    { name: "a", rows: 2 },
    { name: "b`/c", rows: 0 },
  ]);
  const head = "/*!40103 SET TIME_ZONE='+00:00' */;\n-- Dumping data for table `";
  expect(files).toEqual({
    a: `${head}a\`\nINSERT INTO \`a\` VALUES (1,'-- Dumping data for table \`z\`'),(2,'ü');\n`,
    "b`_c": `${head}b\`\`/c\`\n`,
  });
});

test("a dump that ends early is not complete", async () => {
  expect((await split(dump.slice(0, -20), 64)).complete).toBe(false);
  expect((await split(dump.slice(0, 120), 64)).complete).toBe(false);
});

test("the connection is written for the programs, with what must be escaped", () => {
  const secret = encodeURIComponent('a"b\\c #;\n');
  const text = optionsText(`mysql://us%40er:${secret}@db.example.com:3307/shop?ssl=true`);
  expect(text).toContain('user="us@er"\npassword="a\\"b\\\\c #;\\n"\n');
  expect(text).toContain('protocol="tcp"\nhost="db.example.com"\nport="3307"\n');
  expect(text).toContain('loose-ssl-mode="REQUIRED"');
  expect(optionsText("mysql://u@localhost/shop?socket=/run/my.sock")).toContain(
    'protocol="socket"\nsocket="/run/my.sock"',
  );
});
