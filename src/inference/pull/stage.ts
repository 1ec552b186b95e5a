import { copyFile, mkdir, open, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { reasonOf } from "../../errors.ts";
import { describeFile } from "../inspect-model.ts";
import { pullError, tooLarge } from "./pull-error.ts";
import { stageArchive } from "./stage-archive.ts";
import { stageFolder } from "./stage-folder.ts";

export type SourceKind = "folder" | "archive" | "model";

/** @throws StudioError `pull.source` when there is nothing, or nothing that could be a model */
export async function kindOf(path: string): Promise<SourceKind> {
  const stats = await stat(path).catch((error: unknown) => {
    throw pullError("pull.source", `${path} cannot be read: ${reasonOf(error)}.`);
  });
  if (stats.isDirectory()) return "folder";
  const head = Buffer.alloc(264);
  const handle = await open(path);
  try {
    await handle.read(head, 0, head.length, 0);
  } finally {
    await handle.close();
  }
  if (head.readUInt16BE(0) === 0x1f8b || head.toString("latin1", 257, 262) === "ustar") {
    return "archive";
  }
  if (head.toString("latin1", 0, 4) !== "PK\u0003\u0004") return "model";
  throw pullError(
    "pull.source",
    `${path} is a ZIP archive, which is not read.`,
    "Unpack it and give the folder, or pack it as .tar.gz.",
  );
}

/**
 * Copies what there is into an empty folder.
 * @returns the folder in it that is to become the version's
 */
export async function stage(
  from: string,
  kind: SourceKind,
  to: string,
  maximumBytes: number,
): Promise<string> {
  await mkdir(to, { recursive: true });
  if (kind === "archive") return await stageArchive(from, to, maximumBytes);
  if (kind === "folder") await stageFolder(from, to, maximumBytes);
  else await stageModel(from, to, maximumBytes);
  return to;
}

/** The file, and those beside it that hold its weights. */
async function stageModel(from: string, to: string, maximumBytes: number): Promise<void> {
  const { externalFiles } = await describeFile(from);
  let bytes = (await stat(from)).size;
  await limit();
  await copyFile(from, join(to, "model.onnx"));
  for (const name of externalFiles) {
    if (isAbsolute(name) || normalize(name).startsWith("..")) {
      throw pullError("pull.unsafe", `The model's weights "${name}" lie outside of its folder.`);
    }
    const file = join(dirname(from), name);
    const stats = await stat(file).catch((error: unknown) => {
      throw pullError("pull.source", `The model's weights cannot be read: ${reasonOf(error)}.`);
    });
    bytes += stats.size;
    await limit();
    await mkdir(dirname(join(to, name)), { recursive: true });
    await copyFile(file, join(to, name));
  }

  async function limit(): Promise<void> {
    if (bytes > maximumBytes) throw tooLarge(from, maximumBytes);
  }
}
