/**
 * The objects of a repository hold all content. Each is named by the SHA-256 of its stored bytes,
 * so that anyone can check it without a key, and the name of an encrypted one says nothing about
 * what is inside.
 */

/** `segment`: a tar archive of small files; `chunk`: a piece of a large one; `page`: entries. */
export type ObjectKind = "segment" | "chunk" | "page";

export interface ObjectName {
  kind: ObjectKind;
  /** SHA-256 of the stored bytes, hexadecimal. */
  sha256: string;
}

export const objectsFolder = "objects/";

const endings: Record<ObjectKind, string> = { segment: "tar.zst", chunk: "zst", page: "page.zst" };

/** The key of an object: `objects/ab/<sha256>.tar.zst`, with `.age` at the end when encrypted. */
export function objectKey({ kind, sha256 }: ObjectName, encrypted: boolean): string {
  const ending = encrypted ? `${endings[kind]}.age` : endings[kind];
  return `${objectsFolder}${sha256.slice(0, 2)}/${sha256}.${ending}`;
}

const keyPattern = /^objects\/([0-9a-f]{2})\/([0-9a-f]{64})\.(tar\.zst|page\.zst|zst)(\.age)?$/;

/** The object that a key names, or null for a key of another form. */
export function objectOfKey(key: string): ObjectName | null {
  const [, folder, sha256, ending] = keyPattern.exec(key) ?? [];
  if (folder === undefined || sha256 === undefined || !sha256.startsWith(folder)) return null;
  if (ending === "tar.zst") return { kind: "segment", sha256 };
  return { kind: ending === "zst" ? "chunk" : "page", sha256 };
}
