import { setFlagsFromString } from "node:v8";

/**
 * Keeps the part of this process's memory for new objects at its first size. Lists of files are
 * many small objects that live a while: V8 makes room for three times as many of them as are there,
 * and never gives it back. Costs a few per cent of time (V8's heap/new-spaces.cc reads the flag
 * whenever it would grow).
 */
export function keepNurserySmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
