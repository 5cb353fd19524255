// A driver without a device: what the host code asks of libcuda.so.1, done in the host's memory.
// One kernel exists for it, stub_add(p x, p y, i n, f factor): x += y * factor.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef int R;
typedef unsigned long long P;
static int capturing, recorded;
static struct { P x, y; int n; float f; } last;
static void run(void) { float *x = (float *)last.x, *y = (float *)last.y; for (int i = 0; i < last.n; i++) x[i] += y[i] * last.f; }
R cuInit(unsigned f) { return 0; }
R cuDriverGetVersion(int *v) { *v = 12060; return 0; }
static int devices(void) { return getenv("STUB_DEVICES") ? atoi(getenv("STUB_DEVICES")) : 1; }
R cuDeviceGetCount(int *n) { *n = devices(); return 0; }
R cuDeviceGet(int *d, int i) { *d = i; return i < devices() ? 0 : 101; }
R cuDeviceGetName(char *s, int n, int d) { snprintf(s, n, "Stub"); return 0; }
R cuDeviceGetPCIBusId(char *s, int n, int d) { snprintf(s, n, d ? "0000:17:00.0" : "0000:65:00.0"); return 0; }
R cuDeviceTotalMem_v2(size_t *b, int d) { *b = 1 << 20; return 0; }
R cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 8 : a == 76 ? 6 : a == 16 ? 3 : a == 97 ? 99 : 0; return 0; }
R cuDevicePrimaryCtxRetain(void **c, int d) { *c = (void *)0x77; return 0; }
R cuCtxSetCurrent(void *c) { return c == (void *)0x77 ? 0 : 201; }
R cuMemGetInfo_v2(size_t *f, size_t *t) { *f = 1 << 19; *t = 1 << 20; return 0; }
R cuMemAlloc_v2(P *p, size_t n) { if (n > 1 << 20) return 2; *p = (P)malloc(n); return 0; }
R cuMemFree_v2(P p) { free((void *)p); return 0; }
R cuMemHostAlloc(void **p, size_t n, unsigned f) { *p = malloc(n); return 0; }
R cuMemFreeHost(void *p) { free(p); return 0; }
R cuMemcpyHtoDAsync_v2(P d, const void *s, size_t n, void *q) { memcpy((void *)d, s, n); return 0; }
R cuMemcpyDtoHAsync_v2(void *d, P s, size_t n, void *q) { memcpy(d, (void *)s, n); return 0; }
R cuMemcpyDtoDAsync_v2(P d, P s, size_t n, void *q) { memcpy((void *)d, (void *)s, n); return 0; }
R cuMemsetD8Async(P d, unsigned char v, size_t n, void *q) { memset((void *)d, v, n); return 0; }
R cuModuleLoadDataEx(void **m, const void *ptx, unsigned n, int *o, void **v) {
  if (!strstr(ptx, ".version")) { // says why in the log it was given: option 5, its size 6
    for (unsigned i = 0; i < n; i++) if (o[i] == 5) strcpy(v[i], "stub: no .version\n");
    return 218;
  }
  *m = (void *)0x88; return 0;
}
R cuModuleUnload(void *m) { return m == (void *)0x88 ? 0 : 400; }
R cuModuleGetFunction(void **f, void *m, const char *s) { *f = (void *)0x99; return strcmp(s, "stub_add") ? 500 : 0; }
R cuFuncGetAttribute(int *v, int a, void *f) { *v = 40 + a; return 0; }
R cuFuncSetAttribute(void *f, int a, int v) { return a == 8 && v == 65536 ? 0 : 1; }
R cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *q, void **params, void **extra) {
  if (f != (void *)0x99 || params || !extra || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4]) return 1;
  if (*(size_t *)extra[3] != 24 || gx != 2 || gy != 3 || gz != 4 || bx != 32 || by != 1 || bz != 1) return 1;
  memcpy(&last, extra[1], 24);
  if (capturing) recorded = 1; else run();
  return 0;
}
R cuStreamCreate(void **s, unsigned f) { *s = (void *)0x55; return f == 1 ? 0 : 1; }
R cuStreamDestroy_v2(void *s) { return s == (void *)0x55 ? 0 : 400; }
R cuStreamSynchronize(void *s) { return s == (void *)0x55 ? 0 : 400; }
R cuStreamWaitEvent(void *s, void *e, unsigned f) { return s == (void *)0x55 && e == (void *)0x66 ? 0 : 400; }
R cuStreamBeginCapture_v2(void *s, int m) { capturing = 1; return m == 1 ? 0 : 1; }
R cuStreamEndCapture(void *s, void **g) { capturing = 0; *g = (void *)0x33; return recorded ? 0 : 1; }
R cuGraphInstantiateWithFlags(void **e, void *g, P f) { *e = (void *)0x44; return g == (void *)0x33 ? 0 : 400; }
R cuGraphLaunch(void *e, void *s) { if (e != (void *)0x44 || s != (void *)0x55) return 400; run(); return 0; }
R cuGraphExecDestroy(void *e) { return e == (void *)0x44 ? 0 : 400; }
R cuGraphDestroy(void *g) { return g == (void *)0x33 ? 0 : 400; }
R cuEventCreate(void **e, unsigned f) { *e = (void *)0x66; return 0; }
R cuEventDestroy_v2(void *e) { return e == (void *)0x66 ? 0 : 400; }
R cuEventRecord(void *e, void *s) { return e == (void *)0x66 && s == (void *)0x55 ? 0 : 400; }
R cuEventSynchronize(void *e) { return e == (void *)0x66 ? 0 : 400; }
R cuEventElapsedTime(float *ms, void *a, void *b) { *ms = 1.5f; return 0; }
R cuGetErrorString(R r, const char **s) { *s = r == 2 ? "out of memory" : r == 218 ? "a PTX JIT compilation failed" : "stub error"; return 0; }
