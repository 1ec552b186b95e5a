import { rename, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { type StudioError, reasonOf } from "../../errors.ts";
import { locateVersions, nameOfModel } from "../repository/locate.ts";
import { pullError } from "./pull-error.ts";

export function isRemote(from: string): boolean {
  return /^https?:\/\//i.test(from);
}

/** The name asked for, or one after the file, the folder or the URL. @throws StudioError `pull.name` */
export function nameOf(from: string, name: string | undefined): string {
  const path = isRemote(from) ? decodeURIComponent(new URL(from).pathname) : from;
  const plain = (text: string) =>
    basename(text).replace(/(\.tar)?(\.gz|\.tgz|\.tar|\.onnx)?$/i, "");
  const own = plain(path);
  // `model.onnx` says nothing; the folder that it lies in does.
  const guess = /^(model|onnx)$/i.test(own) && extname(path) !== "" ? plain(dirname(path)) : own;
  const chosen = name ?? guess;
  if (nameOfModel.test(chosen)) return chosen;
  throw pullError(
    "pull.name",
    `"${chosen}" cannot be the name of a model.`,
    "Give one with --name: letters, digits, dots, dashes and underscores.",
  );
}

/** The version asked for, or the next number. @throws StudioError `pull.exists` or `pull.name` */
export async function freeVersion(
  folder: string,
  name: string,
  wanted: string | undefined,
): Promise<string> {
  const located = await locateVersions([folder], join(folder, ".none"), (_name, error) => {
    throw error;
  });
  const there = located.filter((one) => one.name === name);
  if (there.some((one) => one.root === one.folder)) {
    throw exists(join(folder, name), "The model there has no folders of versions.");
  }
  const highest = Math.max(0, ...there.map((one) => Math.floor(Number(one.version)) || 0));
  const version = wanted ?? String(highest + 1);
  if (!nameOfModel.test(version) || version === "onnx") {
    throw pullError("pull.name", `"${version}" cannot be a version.`, "Give a number.");
  }
  const target = join(folder, name, version);
  if ((await stat(target).catch(() => null)) !== null) throw exists(target, "");
  return version;
}

/** A folder is never put in another's place: rename refuses one that holds something. */
export async function appear(place: string, target: string): Promise<void> {
  if ((await stat(target).catch(() => null)) !== null) throw exists(target, "");
  try {
    await rename(place, target);
  } catch (error) {
    throw exists(target, `${reasonOf(error)}.`);
  }
}

function exists(target: string, reason: string): StudioError {
  return pullError(
    "pull.exists",
    `${target} exists already, and is not replaced. ${reason}`.trim(),
    "Choose another --version or --name.",
  );
}
