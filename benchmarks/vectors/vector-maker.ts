import { randomFrom } from "../../test/support/random.ts";

/**
 * Makes vectors near a surface of `latent` dimensions through the origin, the same ones each time.
 * @returns a function that makes as many as are asked for, one after the other
 */
export function vectorMaker(
  dimension: number,
  latent: number,
): (count: number) => Float32Array<ArrayBuffer> {
  const random = randomFrom(5);
  const normal = (): number => {
    let sum = 0;
    for (let part = 0; part < 4; part++) sum += random.below(65_536) / 65_536 - 0.5;
    return sum * Math.sqrt(3);
  };
  const axes = Float32Array.from({ length: latent * dimension }, normal);
  return (count) => {
    const made = new Float32Array(count * dimension);
    const place = new Float32Array(latent);
    for (let start = 0; start < made.length; start += dimension) {
      for (let axis = 0; axis < latent; axis++) place[axis] = normal();
      for (let index = 0; index < dimension; index++) {
        let sum = 0.3 * normal();
        for (let axis = 0; axis < latent; axis++) {
          sum += (place[axis] as number) * (axes[axis * dimension + index] as number);
        }
        made[start + index] = sum;
      }
    }
    return made;
  };
}
