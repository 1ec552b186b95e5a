import { damaged } from "../failures.ts";
import { type ObjectName, objectKey, objectOfKey } from "./object.ts";

/**
 * The objects that a snapshot needs, sorted, as `sha256sum --check` reads them in the folder of the
 * repository: anyone can prove a snapshot whole without a key.
 */
export function encodeObjectList(objects: Iterable<ObjectName>, encrypted: boolean): string {
  const lines = Array.from(objects, (one) => `${one.sha256}  ${objectKey(one, encrypted)}\n`);
  return lines.sort().join("");
}

export function decodeObjectList(text: string): ObjectName[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw damaged("A list of objects ends in the middle of a line.");
  return lines.map((line) => {
    const object = objectOfKey(line.slice(66));
    if (object !== null && line.startsWith(`${object.sha256}  `)) return object;
    throw damaged(`A list of objects holds a line that is not understood: ${line.slice(0, 120)}`);
  });
}
