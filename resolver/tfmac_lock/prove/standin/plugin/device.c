/* A pluggable device whose memory is the host's and whose streams do everything at once.

   TensorFlow sees a device of type GPU, which is what the Metal plugin registers as well. */

#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/experimental/stream_executor/stream_executor.h"

struct SP_Stream_st { int unused; };
struct SP_Event_st { int unused; };
struct SP_Timer_st { int unused; };

static void ok(TF_Status* status) { TF_SetStatus(status, TF_OK, ""); }

static void allocate(const SP_Device* device, uint64_t size, int64_t space, SP_DeviceMemoryBase* mem) {
  mem->struct_size = SP_DEVICE_MEMORY_BASE_STRUCT_SIZE;
  mem->opaque = NULL;
  if (posix_memalign(&mem->opaque, 256, size ? size : 1) != 0) mem->opaque = NULL;
  mem->size = size;
}

static void deallocate(const SP_Device* device, SP_DeviceMemoryBase* mem) {
  free(mem->opaque);
  mem->opaque = NULL;
  mem->size = 0;
}

static void* host_allocate(const SP_Device* device, uint64_t size) {
  void* found = NULL;
  return posix_memalign(&found, 64, size ? size : 1) == 0 ? found : NULL;
}

static void host_deallocate(const SP_Device* device, void* mem) { free(mem); }

static TF_Bool stats(const SP_Device* device, SP_AllocatorStats* found) {
  found->struct_size = SP_ALLOCATORSTATS_STRUCT_SIZE;
  found->bytes_in_use = 0;
  return 1;
}

static TF_Bool usage(const SP_Device* device, int64_t* free_bytes, int64_t* total) {
  *free_bytes = *total = (int64_t)1 << 30;
  return 1;
}

static void create_stream(const SP_Device* device, SP_Stream* stream, TF_Status* status) {
  *stream = calloc(1, sizeof(**stream));
  ok(status);
}
static void destroy_stream(const SP_Device* device, SP_Stream stream) { free(stream); }
static void depend(const SP_Device* device, SP_Stream a, SP_Stream b, TF_Status* status) { ok(status); }
static void stream_status(const SP_Device* device, SP_Stream stream, TF_Status* status) { ok(status); }

static void create_event(const SP_Device* device, SP_Event* event, TF_Status* status) {
  *event = calloc(1, sizeof(**event));
  ok(status);
}
static void destroy_event(const SP_Device* device, SP_Event event) { free(event); }
static SE_EventStatus event_status(const SP_Device* device, SP_Event event) { return SE_EVENT_COMPLETE; }
static void event(const SP_Device* device, SP_Stream stream, SP_Event e, TF_Status* status) { ok(status); }

static void create_timer(const SP_Device* device, SP_Timer* timer, TF_Status* status) {
  *timer = calloc(1, sizeof(**timer));
  ok(status);
}
static void destroy_timer(const SP_Device* device, SP_Timer timer) { free(timer); }
static void timer(const SP_Device* device, SP_Stream stream, SP_Timer t, TF_Status* status) { ok(status); }
static uint64_t nanoseconds(SP_Timer t) { return 0; }

static void dtoh(const SP_Device* d, SP_Stream s, void* to, const SP_DeviceMemoryBase* from, uint64_t size, TF_Status* status) {
  memcpy(to, from->opaque, size);
  ok(status);
}
static void htod(const SP_Device* d, SP_Stream s, SP_DeviceMemoryBase* to, const void* from, uint64_t size, TF_Status* status) {
  memcpy(to->opaque, from, size);
  ok(status);
}
static void dtod(const SP_Device* d, SP_Stream s, SP_DeviceMemoryBase* to, const SP_DeviceMemoryBase* from, uint64_t size, TF_Status* status) {
  memmove(to->opaque, from->opaque, size);
  ok(status);
}
static void sync_dtoh(const SP_Device* d, void* to, const SP_DeviceMemoryBase* from, uint64_t size, TF_Status* status) {
  dtoh(d, NULL, to, from, size, status);
}
static void sync_htod(const SP_Device* d, SP_DeviceMemoryBase* to, const void* from, uint64_t size, TF_Status* status) {
  htod(d, NULL, to, from, size, status);
}
static void sync_dtod(const SP_Device* d, SP_DeviceMemoryBase* to, const SP_DeviceMemoryBase* from, uint64_t size, TF_Status* status) {
  dtod(d, NULL, to, from, size, status);
}
static void block_event(const SP_Device* d, SP_Event e, TF_Status* status) { ok(status); }
static void block_stream(const SP_Device* d, SP_Stream s, TF_Status* status) { ok(status); }
static void synchronize(const SP_Device* d, TF_Status* status) { ok(status); }
static void mem_zero(const SP_Device* d, SP_Stream s, SP_DeviceMemoryBase* mem, uint64_t size, TF_Status* status) {
  memset(mem->opaque, 0, size);
  ok(status);
}
static void fill8(const SP_Device* d, SP_Stream s, SP_DeviceMemoryBase* mem, uint8_t pattern, uint64_t size, TF_Status* status) {
  memset(mem->opaque, pattern, size);
  ok(status);
}
static void fill32(const SP_Device* d, SP_Stream s, SP_DeviceMemoryBase* mem, uint32_t pattern, uint64_t size, TF_Status* status) {
  uint32_t* place = mem->opaque;
  for (uint64_t i = 0; i < size / 4; i++) place[i] = pattern;
  ok(status);
}
static TF_Bool host_callback(const SP_Device* d, SP_Stream s, SE_StatusCallbackFn call, void* argument) {
  TF_Status* status = TF_NewStatus();
  call(argument, status);
  TF_Code code = TF_GetCode(status);
  TF_DeleteStatus(status);
  return code == TF_OK;
}

static void device_count(const SP_Platform* platform, int* count, TF_Status* status) {
  *count = 1;
  ok(status);
}
static void create_device(const SP_Platform* platform, SE_CreateDeviceParams* params, TF_Status* status) {
  params->device->struct_size = SP_DEVICE_STRUCT_SIZE;
  params->device->ordinal = params->ordinal;
  params->device->hardware_name = "stand-in";
  params->device->device_vendor = "tfmac-lock";
  params->device->pci_bus_id = "0000:00:00.0";
  ok(status);
}
static void destroy_device(const SP_Platform* platform, SP_Device* device) {}
static int32_t numa(const SP_Device* device) { return -1; }
static int64_t bandwidth(const SP_Device* device) { return -1; }
static double gflops(const SP_Device* device) { return -1; }
static void create_device_fns(const SP_Platform* platform, SE_CreateDeviceFnsParams* params, TF_Status* status) {
  *params->device_fns = (SP_DeviceFns){SP_DEVICE_FNS_STRUCT_SIZE, NULL, numa, bandwidth, gflops};
  ok(status);
}
static void destroy_device_fns(const SP_Platform* platform, SP_DeviceFns* fns) {}

static void create_executor(const SP_Platform* platform, SE_CreateStreamExecutorParams* params, TF_Status* status) {
  SP_StreamExecutor* e = params->stream_executor;
  e->struct_size = SP_STREAMEXECUTOR_STRUCT_SIZE;
  e->allocate = allocate;
  e->deallocate = deallocate;
  e->host_memory_allocate = host_allocate;
  e->host_memory_deallocate = host_deallocate;
  e->unified_memory_allocate = host_allocate;
  e->unified_memory_deallocate = host_deallocate;
  e->get_allocator_stats = stats;
  e->device_memory_usage = usage;
  e->create_stream = create_stream;
  e->destroy_stream = destroy_stream;
  e->create_stream_dependency = depend;
  e->get_stream_status = stream_status;
  e->create_event = create_event;
  e->destroy_event = destroy_event;
  e->get_event_status = event_status;
  e->record_event = event;
  e->wait_for_event = event;
  e->create_timer = create_timer;
  e->destroy_timer = destroy_timer;
  e->start_timer = timer;
  e->stop_timer = timer;
  e->memcpy_dtoh = dtoh;
  e->memcpy_htod = htod;
  e->memcpy_dtod = dtod;
  e->sync_memcpy_dtoh = sync_dtoh;
  e->sync_memcpy_htod = sync_htod;
  e->sync_memcpy_dtod = sync_dtod;
  e->block_host_for_event = block_event;
  e->block_host_until_done = block_stream;
  e->synchronize_all_activity = synchronize;
  e->mem_zero = mem_zero;
  e->memset = fill8;
  e->memset32 = fill32;
  e->host_callback = host_callback;
  ok(status);
}
static void destroy_executor(const SP_Platform* platform, SP_StreamExecutor* executor) {}
static void create_timer_fns(const SP_Platform* platform, SP_TimerFns* fns, TF_Status* status) {
  *fns = (SP_TimerFns){SP_TIMER_FNS_STRUCT_SIZE, NULL, nanoseconds};
  ok(status);
}
static void destroy_timer_fns(const SP_Platform* platform, SP_TimerFns* fns) {}
static void destroy_platform(SP_Platform* platform) {}
static void destroy_platform_fns(SP_PlatformFns* fns) {}

void SE_InitPlugin(SE_PlatformRegistrationParams* params, TF_Status* status) {
  params->struct_size = SE_PLATFORM_REGISTRATION_PARAMS_STRUCT_SIZE;
  params->major_version = SE_MAJOR;
  params->minor_version = SE_MINOR;
  params->patch_version = SE_PATCH;
  params->platform->struct_size = SP_PLATFORM_STRUCT_SIZE;
  params->platform->name = "STAND_IN";
  params->platform->type = "GPU";
  params->platform->supports_unified_memory = 0;
  params->platform->use_bfc_allocator = 0;
  SP_PlatformFns* fns = params->platform_fns;
  fns->struct_size = SP_PLATFORM_FNS_STRUCT_SIZE;
  fns->get_device_count = device_count;
  fns->create_device = create_device;
  fns->destroy_device = destroy_device;
  fns->create_device_fns = create_device_fns;
  fns->destroy_device_fns = destroy_device_fns;
  fns->create_stream_executor = create_executor;
  fns->destroy_stream_executor = destroy_executor;
  fns->create_timer_fns = create_timer_fns;
  fns->destroy_timer_fns = destroy_timer_fns;
  params->destroy_platform = destroy_platform;
  params->destroy_platform_fns = destroy_platform_fns;
  ok(status);
}
