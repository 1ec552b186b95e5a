// Imported first of all by the thread of a model. ONNX Runtime's native side does not know
// Float16Array; where there is none, its JavaScript side takes and gives the bits of float16 in a
// Uint16Array, which the native side reads as they are.
Reflect.deleteProperty(globalThis, "Float16Array");
