// NVML without a device: GPU 3, whose energy grows by 2 J at each call, and GPU 1, which has only
// its number.
// -DOLD leaves functions out that older libraries lack; STUB_NVML=bare says "not supported" (3) to
// all that can be measured, mig that the GPU is cut into parts, broken that there is no driver (9).
#include <stdlib.h>
#include <string.h>
typedef int R;
static int mode(const char *m) { const char *s = getenv("STUB_NVML"); return s && !strcmp(s, m); }
static R of(void *d) { return d != (void *)0x31 ? 2 : mode("bare") ? 3 : 0; }
R nvmlInit_v2(void) { return mode("broken") ? 9 : 0; }
R nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **d) { *d = (void *)(strcmp(bus, "0000:17:00.0") ? 0x31 : 0x32); return strcmp(bus, "0000:65:00.0") && *d == (void *)0x31 ? 6 : 0; }
R nvmlDeviceGetIndex(void *d, unsigned *i) { *i = d == (void *)0x31 ? 3 : 1; return 0; }
R nvmlDeviceGetUUID(void *d, char *s, unsigned n) { if (n < 96) return 7; strcpy(s, "GPU-5e1b"); return of(d); }
R nvmlDeviceGetMemoryInfo(void *d, unsigned long long *m) { m[0] = 150754820096ull; m[1] = 150754819096ull; m[2] = 1000; return of(d); }
R nvmlDeviceGetUtilizationRates(void *d, unsigned *u) { u[0] = 37; u[1] = 12; return of(d); }
R nvmlDeviceGetPowerUsage(void *d, unsigned *mw) { *mw = 700000; return of(d); }
#ifndef OLD
R nvmlDeviceGetMigMode(void *d, unsigned *now, unsigned *next) { *now = *next = mode("mig"); return d == (void *)0x31 ? 0 : 2; }
R nvmlDeviceGetTotalEnergyConsumption(void *d, unsigned long long *mj) { static unsigned long long e = 5000000000ull; *mj = e += 2000; return of(d); }
#endif
