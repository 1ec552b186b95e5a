/** The longest identifier of PostgreSQL in bytes, which cuts off the rest; MySQL allows one more. */
const longest = 63;

/** What a database or table is for that a restore or a rehearsal made. */
export type Purpose = "restore" | "before" | "drill" | "rehearsal";

const pattern = /_studio_(restore|before|drill|rehearsal)_(\d{8}t\d{6}z_[a-z2-7]{4})$/;

/** `shop_studio_before_20261120t210500z_k3xq` for the database or table `shop` and an id. */
export function besideName(name: string, purpose: Purpose, id: string): string {
  const suffix = `_studio_${purpose}_${id.toLowerCase().replaceAll("-", "_")}`;
  let kept = name;
  // By code points, so that no character is cut in half.
  while (Buffer.byteLength(kept) + suffix.length > longest) kept = kept.replace(/.$/su, "");
  return `${kept}${suffix}`;
}

/** What a name made by `besideName` means; null for another name. */
export function readBesideName(name: string): { purpose: Purpose; id: string } | null {
  const [, purpose, id] = pattern.exec(name) ?? [];
  if (purpose === undefined || id === undefined) return null;
  return { purpose: purpose as Purpose, id: id.replace("_", "-").replace(/^[\dtz]+/, upper) };
}

function upper(text: string): string {
  return text.toUpperCase();
}
