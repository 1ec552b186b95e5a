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
  const { folders, bundled, name, version } = input;
  if (!nameOfModel.test(name)) throw missing(input, []);
  for (const folder of folders) {
    const root = join(folder, name);
    const whole = await modelFileIn(root);
    if (whole !== null) {
      const only = "1";
      if (version !== null && version !== only) throw missing(input, [only]);
      const destination = `${root}${suffix}`;
      return { name, version: only, root, folder: root, file: whole, destination };
    }
    const versions = await versionFoldersIn(root);
    const known = versions.map((one) => one.version);
    const chosen = version ?? known.find((one) => !one.endsWith(suffix)) ?? known[0];
    if (chosen === undefined) continue;
    const source = versions.find((one) => one.version === chosen);
    if (source === undefined) throw missing(input, known);
    return { name, root, ...source, destination: join(root, `${chosen}${suffix}`) };
  }
  const root = join(bundled, name);
  const file = await modelFileIn(root);
  const [first] = folders;
  if (file === null || first === undefined) throw missing(input, []);
  const destination = join(first, name, `${version ?? "1"}${suffix}`);
  return { name, version: version ?? "1", root, folder: root, file, destination };
}

/** Where in a version's folder its model lies. */
export const placeIn = ({ folder, file }: SourceModel): string => relative(folder, file);

function missing({ name, version, folders }: SourceInput, known: readonly string[]): StudioError {
  const versions = known.length === 0 ? "" : ` It has ${known.join(", ")}.`;
  return new StudioError({
    code: "model.missing",
    message: `There is no model ${name}${version === null ? "" : ` of version ${version}`}.${versions}`,
    hint: `A model is a folder NAME/VERSION with model.onnx in ${folders.join(" or ")}.`,
    exitCode: exitCodes.usage,
  });
}
