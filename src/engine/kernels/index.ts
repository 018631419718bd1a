import { registerBatchNorm } from './batch-norm.js';
import { registerConv } from './conv.js';
import { registerElementwise } from './elementwise.js';
import { registerGather } from './gather.js';
import { registerMatMul } from './matmul.js';
import { registerReduce } from './reduce.js';
import { registerResize } from './resize.js';
import { registerShape } from './shape.js';

let registered = false;

/** Registers every recording kernel with tfjs, once a process. */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
  registerElementwise();
  registerReduce();
  registerMatMul();
  registerShape();
  registerGather();
  registerConv();
  registerBatchNorm();
  registerResize();
}
