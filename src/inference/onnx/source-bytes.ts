/**
 * The bytes that a decoded message was read from. Decoded messages are frozen, so these are always
 * what the message says; a copy made to change it has no entry here and is written anew.
 */
export const sourceOf = new WeakMap<object, Uint8Array>();
