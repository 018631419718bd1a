/*
 * tfjs-core's Node bundle leaves out the gradients of its ops, and their own files cannot be imported by Node
 * (ES modules without the marks of one). tfjs-layers' Node bundle registers them on import; nothing else of it is used.
 */
import '@tensorflow/tfjs-layers';
