import { workerData } from "node:worker_threads";
import { send } from "../threads/thread-side.ts";
import { compilePatterns } from "./glob.ts";
import { toColumns } from "./member-columns.ts";
import { TreeWalk } from "./tree-walk.ts";
import { type WalkNotice, type WalkReport, type WalkRequest, awaitTaken } from "./walk-protocol.ts";

const { root, realRoot, include, exclude, withheld, avoid, taken } = workerData as WalkRequest;
let reports: WalkReport[] = [];
const report =
  (kind: WalkReport["kind"]) =>
  (path: string, detail = ""): void => {
    reports.push({ kind, path, detail });
  };
const walk = new TreeWalk({
  root,
  realRoot,
  include: compilePatterns(include),
  exclude: compilePatterns(exclude),
  withheld: compilePatterns(withheld),
  context: {
    avoid,
    skip: report("skip"),
    vanish: report("vanish"),
    ignore: report("ignore"),
    link: report("link"),
  },
});
let sent = 0;
for (const members of walk.run()) {
  const columns = toColumns(members);
  send({ columns, reports } satisfies WalkNotice, [columns.numbers.buffer]);
  reports = [];
  awaitTaken(taken, (sent += 1));
}
send({ columns: null, reports, withheldPaths: walk.withheldPaths } satisfies WalkNotice);
