/** What a key may do; each role may do all that the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;

/**
 * `viewer` reads; `operator` also infers, changes collections and measures; `admin` may also change
 * what the daemon serves to everybody: load and unload models, and set what a measurement proposes.
 */
export type Role = (typeof roles)[number];

export function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}

/** Whether a key of role `held` may do what needs `needed`. */
export function mayAct(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}
