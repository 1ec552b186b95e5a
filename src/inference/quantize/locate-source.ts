import { join, relative } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { modelFileIn, nameOfModel, versionFoldersIn } from "../repository/locate.ts";

export interface SourceModel {
  name: string;
  version: string;
  /** The model's own folder: that of the version, or the one around it. */
  root: string;
  /** The folder of the version. */
  folder: string;
  /** Of the model, in that folder. */
  file: string;
  /** Where the quantized one belongs. */
  destination: string;
  /** What it is there. */
  becomes: "version" | "model" | "replacement of a bundled model";
}

export interface SourceInput {
  /** Absolute folders of the project's models. */
  folders: readonly string[];
  /** The folder of the models that come with studio. */
  bundled: string;
  name: string;
  /** Null: the highest that was not quantized itself. */
  version: string | null;
}

/** What a quantized version is called after the one it was made from. */
const suffix = "-int8";

/**
 * Finds `<folder>/<name>/<version>/model.onnx`; a folder without versions, as Hugging Face and the
 * bundled models have it, is quantized into a new model, or a new version of a bundled one.
 * @throws StudioError `model.missing` when there is none
 */
export async function locateSource(input: SourceInput): Promise<SourceModel> {
  const { folders, name, version } = input;
  if (!nameOfModel.test(name)) throw missing(input, []);
  for (const folder of folders) {
    const root = join(folder, name);
    const whole = await modelFileIn(root);
    if (whole !== null) {
      const only = "1";
      if (version !== null && version !== only) throw missing(input, [only]);
      const destination = `${root}${suffix}`;
      return {
        name,
        version: only,
        root,
        folder: root,
        file: whole,
        destination,
        becomes: "model",
      };
    }
    const versions = await versionFoldersIn(root);
    if (versions.length === 0) continue;
    const known = versions.map((one) => one.version);
    const chosen = version ?? known.find((one) => !one.endsWith(suffix));
    const source = versions.find((one) => one.version === chosen);
    if (source === undefined) return await bundledSource(input, known);
    const place = join(root, `${source.version}${suffix}`);
    return { name, root, ...source, destination: place, becomes: "version" };
  }
  return await bundledSource(input, []);
}

/** @param known versions of that name that are not what was asked for: those made of it, say */
async function bundledSource(input: SourceInput, known: readonly string[]): Promise<SourceModel> {
  const { folders, bundled, name, version } = input;
  const root = join(bundled, name);
  const file = await modelFileIn(root);
  const [first] = folders;
  if (file === null || first === undefined) throw missing(input, known);
  const only = "1";
  if (version !== null && version !== only) throw missing(input, [only, ...known]);
  const destination = join(first, name, `${only}${suffix}`);
  return {
    name,
    version: only,
    root,
    folder: root,
    file,
    destination,
    becomes: "replacement of a bundled model",
  };
}

/** Where in a version's folder its model lies. */
export const placeIn = ({ folder, file }: SourceModel): string => relative(folder, file);

function missing({ name, version, folders }: SourceInput, known: readonly string[]): StudioError {
  const wanted = version === null ? "" : ` of version ${version}`;
  const others = known.length === 0 ? "" : ` It has ${known.join(", ")}.`;
  const int8 = version === null && known.length > 0;
  return new StudioError({
    code: "model.missing",
    message: int8
      ? `All there is of ${name} is int8 already: ${known.join(", ")}.`
      : `There is no model ${name}${wanted}.${others}`,
    hint:
      "`studio model list` shows the models. " +
      `One is a folder NAME/VERSION with model.onnx in ${folders.join(" or ")}.`,
    exitCode: exitCodes.usage,
  });
}
