import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";

/** Bytes that are not valid UTF-8. */
const notText = Buffer.from([0x66, 0xff, 0xfe, 0x31]);

const names = [
  "plain",
  "with space ",
  " lead",
  "new\nline",
  "tab\there",
  "quote'\"$`!",
  "back\\slash",
  "back\\\\2",
  "a\\101b",
  "-dash",
  "--checkpoint=1",
  "*glob?[a]",
  "é🎉",
  "x".repeat(255),
  "%percent%s",
  "#hash",
  "trail\n",
];

/** A folder with all that a file system allows and a backup program may trip over. */
export function buildHostileTree(root: string): void {
  const at = (path: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path)]);
  mkdirSync(root, { recursive: true });
  for (const name of names) writeFileSync(at(name), `content of ${JSON.stringify(name)}`);
  writeFileSync(at(notText), "no UTF-8");
  writeFileSync(at("empty"), "");
  const deep = `d\nir/${"deep/".repeat(60)}`;
  mkdirSync(at(deep), { recursive: true });
  writeFileSync(at(`${deep}f`), "deep");
  mkdirSync(at("empty folder"));
  mkdirSync(at(Buffer.concat([Buffer.from("bad"), Buffer.from([0xc3])])));
  writeFileSync(
    at(Buffer.concat([Buffer.from("bad"), Buffer.from([0xc3]), Buffer.from("/in")])),
    "in",
  );
  symlinkSync("plain", at("link"));
  symlinkSync("loop2", at("loop1"));
  symlinkSync("loop1", at("loop2"));
  symlinkSync("no\nwhere", at("dangling\n"));
  symlinkSync("/etc/passwd", at("absolute"));
  writeFileSync(at("hard1"), "hard");
  mkdirSync(at("z"));
  linkSync(at("hard1"), at("hard2"));
  linkSync(at("hard1"), at("z/hard3"));
  writeFileSync(at("equal1"), "the same content");
  writeFileSync(at("equal2"), "the same content");
  execFileSync("mkfifo", [`${root}/fifo`]);
  writeFileSync(at("mode"), "m");
  chmodSync(at("mode"), 0o4711);
  mkdirSync(at("read only"));
  writeFileSync(at("read only/f"), "f");
  writeFileSync(at("sparse"), "start");
  truncateSync(at("sparse"), 30_000_000);
  writeFileSync(at("large"), Buffer.alloc(9_500_000, "large content. "));
  writeFileSync(at("medium"), Buffer.alloc(1_200_000, "medium"));
  utimesSync(at("mode"), 1.5, 1_234_567_890.123);
  // As text: a negative number would mean now.
  utimesSync(at("large"), 1.5, "-86400");
  chmodSync(at("read only"), 0o555);
}
