import { hash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";

/** What is at one path of a tree, as plain values. */
export interface TreeNode {
  mode: string;
  owner: string;
  /** Microseconds. */
  mtime: number;
  /** Of a file: its hash, its length and how many names it has; of a link: where it points. */
  content: string;
}

/** A tree by its paths, whose bytes stand as Latin 1; FIFOs are left out. */
export function describeTree(root: string, precision = 1): Record<string, TreeNode> {
  const nodes: Record<string, TreeNode> = {};
  const visit = (folder: Buffer): void => {
    const absolute = Buffer.concat([Buffer.from(`${root}/`), folder]);
    for (const name of readdirSync(absolute, { encoding: "buffer" })) {
      const path = folder.length === 0 ? name : Buffer.concat([folder, Buffer.from("/"), name]);
      const full = Buffer.concat([Buffer.from(`${root}/`), path]);
      const stats = lstatSync(full);
      if (stats.isFIFO()) continue;
      nodes[path.toString("latin1")] = {
        mode: stats.mode.toString(8),
        owner: `${stats.uid}:${stats.gid}`,
        mtime: Math.floor(Math.round(stats.mtimeMs * 1000) / precision),
        content: stats.isSymbolicLink()
          ? readlinkSync(full, "buffer").toString("hex")
          : stats.isFile()
            ? `${hash("sha256", readFileSync(full))} ${stats.size} ${stats.nlink}`
            : "",
      };
      if (stats.isDirectory()) visit(path);
    }
  };
  visit(Buffer.alloc(0));
  return nodes;
}
