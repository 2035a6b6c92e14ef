/*
 * A host's TimeSync integration service, for QEMU's vmbus-bridge: tells the guest the host's
 * CLOCK_REALTIME, and does so as badly as it is told to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU has a VMBus and no TimeSync. This is built to the protocol as the kernel's
 * include/linux/hyperv.h has it. All properties may be given with -device and changed at any
 * time by qom-set.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "exec/cpu-common.h"
#include "hw/core/cpu.h"
#include "hw/hyperv/vmbus.h"
#include "hw/qdev-properties.h"
#include "sysemu/kvm.h"
#include "sysemu/runstate.h"
#include <linux/kvm.h>

#define TYPE_HV_TIMESYNC "hv-timesync"
OBJECT_DECLARE_SIMPLE_TYPE(HvTimesync, HV_TIMESYNC)

/* HV_X64_MSR_TIME_REF_COUNT, in 100 ns. */
#define MSR_TIME_REF_COUNT 0x40000020

#define UNIT_NS 100
#define UNITS_1601_TO_1970 116444736000000000LL
#define NS_PER_S 1000000000LL

#define TYPE_NEGOTIATE 0
#define TYPE_TIMESYNC 4
#define FLAG_RESPONSE 4
#define SAMPLE_SYNC 1
#define SAMPLE_SAMPLE 2

/* A guest that is given no time between opening and the first message may miss it. */
#define NEGOTIATE_AFTER_MS 20

typedef struct QEMU_PACKED {
    uint32_t pipe_flags, pipe_size;
    uint16_t framework_major, framework_minor;
    uint16_t type;
    uint16_t version_major, version_minor;
    uint16_t size;
    uint32_t status;
    uint8_t transaction, flags;
    uint8_t reserved[2];
} Header;

typedef struct QEMU_PACKED {
    Header header;
    uint16_t frameworks, messages;
    uint32_t reserved;
    uint16_t versions[5][2];
} Negotiate;

typedef struct QEMU_PACKED {
    Header header;
    uint64_t utc, ref;
    uint8_t flags, leap, stratum, reserved[5];
} SampleV4;

typedef struct QEMU_PACKED {
    Header header;
    uint64_t utc, child, round_trip;
    uint8_t flags;
} SampleV3;

enum { OPENED, NEGOTIATING, READY };

/* What can be set. */
enum {
    PERIOD_MS,          /* between samples */
    VERSION,            /* newest message version that is offered */
    LEAP,
    STRATUM,
    JITTER_NS,          /* each sample's UTC is off by up to this, either way */
    LATE_NS,            /* every LATE_EVERY-th by this, as if the host had been held up */
    LATE_EVERY,
    OFFSET_NS,          /* all of them by this */
    RATE_PPB,           /* and by what this has made of it since it was set */
    STEP_NS,            /* set: a step of the host's clock, now */
    STEP_AFTER_MS,      /* set: one of STEP_NS, that much later */
    REF_ERROR_NS,       /* the reference time told is off by this */
    WITHHOLD,           /* no samples */
    MALFORMED,          /* so many malformed messages before each sample */
    SYNC_FIRST,         /* the first sample after the channel was opened asks for SYNC */
    SYNC_ON_RESUME,     /* and so does the first after the guest was stopped */
    BURST_ON_RESUME,    /* so many samples at once then */
    SYNC,               /* set: a sample now that asks for SYNC */
    RESCIND,            /* set to 1: the service is taken away; to 0: offered again */
    SENT,               /* read: samples sent */
    SENT_MALFORMED,
    ANSWERS,            /* read: requests that the guest has answered */
    SETTINGS
};

static const struct {
    const char *name;
    int64_t value;
} settings[SETTINGS] = {
    [PERIOD_MS] = { "period-ms", 5000 },
    [VERSION] = { "version", 4 },
    [LEAP] = { "leap", 0 },
    [STRATUM] = { "stratum", 2 },
    [JITTER_NS] = { "jitter-ns", 0 },
    [LATE_NS] = { "late-ns", 0 },
    [LATE_EVERY] = { "late-every", 5 },
    [OFFSET_NS] = { "offset-ns", 0 },
    [RATE_PPB] = { "rate-ppb", 0 },
    [STEP_NS] = { "step-ns", 0 },
    [STEP_AFTER_MS] = { "step-after-ms", 0 },
    [REF_ERROR_NS] = { "ref-error-ns", 0 },
    [WITHHOLD] = { "withhold", 0 },
    [MALFORMED] = { "malformed", 0 },
    [SYNC_FIRST] = { "sync-first", 1 },
    [SYNC_ON_RESUME] = { "sync-on-resume", 1 },
    [BURST_ON_RESUME] = { "burst-on-resume", 1 },
    [SYNC] = { "sync", 0 },
    [RESCIND] = { "rescind", 0 },
    [SENT] = { "sent", 0 },
    [SENT_MALFORMED] = { "sent-malformed", 0 },
    [ANSWERS] = { "answers", 0 },
};

struct HvTimesync {
    VMBusDevice parent;
    int64_t set[SETTINGS];
    QEMUTimer *next, *step;
    VMChangeStateEntry *vm_change;
    VMBusChannel *channel;
    int state;
    uint16_t framework, version;
    uint8_t transaction;
    bool sync;
    /* Since when the rate has been what it is. */
    int64_t rate_since_ns;
};

/* patched into vmbus.c */
bool vmbus_channel_rescind(VMBusChannel *channel);
bool vmbus_channel_offer(VMBusChannel *channel);

static int64_t real_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

typedef struct {
    uint64_t ref;
    int64_t utc_ns;
} Pair;

/* HV_X64_MSR_REFERENCE_TSC: where the guest has its page; bit 0: it is in use. */
#define MSR_REFERENCE_TSC 0x40000021

static uint64_t msr(CPUState *cpu, uint32_t index)
{
    struct {
        struct kvm_msrs info;
        struct kvm_msr_entry entry[1];
    } msrs = { .info.nmsrs = 1, .entry[0].index = index };

    return kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, &msrs) == 1 ? msrs.entry[0].data : 0;
}

/*
 * UTC and TSC at one instant, as KVM has them, and from that TSC the guest's reference time by
 * the guest's own page: exact to the unit.
 */
static bool read_exact_pair(CPUState *cpu, Pair *pair)
{
    const uint32_t wanted = KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC;
    struct {
        uint32_t sequence, reserved;
        uint64_t scale;
        int64_t offset;
    } page;
    struct kvm_clock_data clock = { };
    uint64_t offset, reference_tsc = msr(cpu, MSR_REFERENCE_TSC);
    struct kvm_device_attr attr = {
        .group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
        .addr = (uintptr_t)&offset,
    };

    if (!(reference_tsc & 1) || kvm_vm_ioctl(kvm_state, KVM_GET_CLOCK, &clock) ||
        (clock.flags & wanted) != wanted ||
        kvm_vcpu_ioctl(cpu, KVM_GET_DEVICE_ATTR, &attr)) {
        return false;
    }
    cpu_physical_memory_read(reference_tsc & ~0xfffULL, &page, sizeof(page));
    if (!page.sequence) {
        return false;
    }
    pair->utc_ns = clock.realtime;
    pair->ref = ((unsigned __int128)(clock.host_tsc + offset) * page.scale >> 64) + page.offset;
    return true;
}

static void read_pair(CPUState *cpu, run_on_cpu_data data)
{
    int64_t before, after, least = INT64_MAX;
    Pair *pair = data.host_ptr;
    uint64_t ref;
    int i;

    if (read_exact_pair(cpu, pair)) {
        return;
    }
    /* Of several readings the one that took least. */
    for (i = 0; i < 5; i++) {
        before = real_ns();
        ref = msr(cpu, MSR_TIME_REF_COUNT);
        after = real_ns();
        if (after - before < least) {
            least = after - before;
            pair->ref = ref;
            pair->utc_ns = before + least / 2;
        }
    }
}

/* What the host's clock is off, by all that has been set. */
static int64_t off_ns(HvTimesync *s, int64_t now_ns)
{
    int64_t off = s->set[OFFSET_NS];

    off += (__int128)(now_ns - s->rate_since_ns) * s->set[RATE_PPB] / NS_PER_S;
    if (s->set[JITTER_NS]) {
        off += (int64_t)(g_random_double_range(-1, 1) * s->set[JITTER_NS]);
    }
    if (s->set[LATE_NS] && s->set[SENT] % MAX(s->set[LATE_EVERY], 1) == 0) {
        off -= s->set[LATE_NS];
    }
    return off;
}

static bool push(HvTimesync *s, void *message, uint32_t size)
{
    if (vmbus_channel_reserve(s->channel, 0, size)) {
        return false;
    }
    return vmbus_channel_send(s->channel, VMBUS_PACKET_DATA_INBAND, NULL, 0, message, size,
                              true, s->transaction++) >= 0;
}

static Header header(HvTimesync *s, uint32_t size, uint16_t type)
{
    return (Header) {
        .pipe_flags = 1,
        .pipe_size = size - 8,
        .framework_major = s->framework,
        .version_major = s->version,
        .type = type,
        .size = size - sizeof(Header),
        .transaction = s->transaction,
        .flags = 3,
    };
}

static void negotiate(HvTimesync *s)
{
    static const uint16_t messages[] = { 4, 3, 1 };
    Negotiate n = { .frameworks = 2, .versions = { { 3, 0 }, { 1, 0 } } };
    uint32_t size;
    size_t i;

    s->framework = s->version = 0;
    for (i = 0; i < ARRAY_SIZE(messages); i++) {
        if (messages[i] <= s->set[VERSION]) {
            n.versions[n.frameworks + n.messages++][0] = messages[i];
        }
    }
    size = offsetof(Negotiate, versions) + (n.frameworks + n.messages) * 4;
    n.header = header(s, size, TYPE_NEGOTIATE);
    if (push(s, &n, size)) {
        s->state = NEGOTIATING;
    }
}

static uint32_t make_sample(HvTimesync *s, void *buf, bool sync)
{
    uint8_t flags = sync ? SAMPLE_SYNC : SAMPLE_SAMPLE;
    uint64_t utc;
    Pair pair;

    run_on_cpu(first_cpu, read_pair, RUN_ON_CPU_HOST_PTR(&pair));
    utc = (pair.utc_ns + off_ns(s, pair.utc_ns)) / UNIT_NS + UNITS_1601_TO_1970;
    if (s->version >= 4) {
        *(SampleV4 *)buf = (SampleV4) {
            .header = header(s, sizeof(SampleV4), TYPE_TIMESYNC),
            .utc = utc, .ref = pair.ref + s->set[REF_ERROR_NS] / UNIT_NS,
            .flags = flags, .leap = s->set[LEAP], .stratum = s->set[STRATUM],
        };
        return sizeof(SampleV4);
    }
    *(SampleV3 *)buf = (SampleV3) {
        .header = header(s, sizeof(SampleV3), TYPE_TIMESYNC),
        .utc = utc, .flags = flags,
    };
    return sizeof(SampleV3);
}

static void send_sample(HvTimesync *s, bool sync)
{
    uint8_t buf[64];
    uint32_t size = make_sample(s, buf, sync);

    if (push(s, buf, size)) {
        s->set[SENT]++;
    }
}

/* A message that is wrong in the n-th way. */
static void send_malformed(HvTimesync *s, unsigned int n)
{
    static uint8_t buf[4096];
    Header *h = (Header *)buf;
    SampleV4 *v4 = (SampleV4 *)buf;
    Negotiate *offer = (Negotiate *)buf;
    uint32_t size;

    memset(buf, 0, sizeof(buf));
    size = make_sample(s, buf, false);
    switch (n % 16) {
    case 0: /* nothing but a pipe header */
        size = 8;
        break;
    case 1: /* cut off in its header */
        size = sizeof(Header) - 1;
        break;
    case 2: /* cut off in what it tells */
        size -= 12;
        break;
    case 3: /* says it is longer */
        h->size = 0xffff;
        break;
    case 4: /* says it is shorter */
        h->size = 3;
        break;
    case 5: /* of no type that there is */
        h->type = 77;
        break;
    case 6: /* an answer to what nobody asked */
        h->flags |= FLAG_RESPONSE;
        break;
    case 7: /* as long as fits */
        size = 3000;
        h->size = size - sizeof(Header);
        h->type = 78;
        break;
    case 8: /* 1601 */
        v4->utc = 0;
        break;
    case 9: /* the end of time */
        v4->utc = UINT64_MAX;
        break;
    case 10: /* 1999 */
        v4->utc = UNITS_1601_TO_1970 + 9000000000000000LL;
        break;
    case 11: /* reference time from the end of time */
        v4->ref = UINT64_MAX;
        break;
    case 12: /* reference time from tomorrow */
        v4->ref += 864000000000LL;
        break;
    case 13: /* offers more versions than it has */
        *offer = (Negotiate) {
            .header = header(s, sizeof(*offer), TYPE_NEGOTIATE),
            .frameworks = 0xffff, .messages = 0xffff,
        };
        size = sizeof(*offer);
        break;
    case 14: /* offers without end, and cut off */
        *offer = (Negotiate) {
            .header = header(s, sizeof(*offer), TYPE_NEGOTIATE),
            .frameworks = 2, .messages = 60,
        };
        size = sizeof(*offer) - 8;
        break;
    default: { /* noise */
        uint32_t i;

        size = 8 + g_random_int_range(0, 200);
        for (i = 0; i < size; i++) {
            buf[i] = g_random_int();
        }
        /* But neither a sample nor an offer by chance. */
        h->type = 79;
        break;
    }
    }
    /* Versions 1 and 3 tell no reference time, so nothing would be wrong with it. */
    if (s->version < 4 && (n % 16 == 11 || n % 16 == 12)) {
        h->type = 80;
    }
    if (push(s, buf, size)) {
        s->set[SENT_MALFORMED]++;
    }
}

static void rearm(HvTimesync *s, int64_t ms)
{
    timer_mod(s->next, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + ms);
}

static void next(void *opaque)
{
    HvTimesync *s = opaque;
    int64_t i;

    if (!s->channel || !runstate_is_running()) {
        return;
    }
    switch (s->state) {
    case OPENED:
        negotiate(s);
        if (s->state == OPENED) {
            rearm(s, NEGOTIATE_AFTER_MS);
        }
        return;
    case NEGOTIATING:
        return;
    }
    for (i = 0; i < s->set[MALFORMED]; i++) {
        send_malformed(s, s->set[SENT_MALFORMED]);
    }
    if (!s->set[WITHHOLD]) {
        send_sample(s, s->sync);
        s->sync = false;
    }
    rearm(s, s->set[PERIOD_MS]);
}

static void step(void *opaque)
{
    HvTimesync *s = opaque;

    s->set[OFFSET_NS] += s->set[STEP_NS];
}

static void vm_changed(void *opaque, bool running, RunState state)
{
    HvTimesync *s = opaque;
    int64_t i;

    if (!running || s->state != READY || s->set[WITHHOLD] || !s->channel) {
        return;
    }
    for (i = 0; i < s->set[BURST_ON_RESUME]; i++) {
        send_sample(s, s->set[SYNC_ON_RESUME] && !i);
    }
    rearm(s, s->set[PERIOD_MS]);
}

/* The guest's answers. */
static void notify(VMBusChannel *channel)
{
    HvTimesync *s = HV_TIMESYNC(vmbus_channel_device(channel));
    VMBusChanReq *request;

    if (vmbus_channel_recv_start(channel)) {
        return;
    }
    while ((request = vmbus_channel_recv_peek(channel, sizeof(*request)))) {
        Negotiate *answer = request->msg;

        if (request->msglen >= sizeof(Header) && answer->header.flags & FLAG_RESPONSE) {
            s->set[ANSWERS]++;
            if (answer->header.type == TYPE_NEGOTIATE && s->state == NEGOTIATING &&
                request->msglen >= offsetof(Negotiate, versions[2])) {
                if (answer->frameworks == 1 && answer->messages == 1) {
                    s->framework = answer->versions[0][0];
                    s->version = answer->versions[1][0];
                    s->state = READY;
                    s->sync = s->set[SYNC_FIRST];
                    rearm(s, 1);
                } else {
                    error_report("hv-timesync: the guest takes none of the versions offered");
                }
            }
        }
        vmbus_channel_recv_pop(channel);
        vmbus_free_req(request);
    }
    vmbus_channel_recv_done(channel);
}

static int open_channel(VMBusChannel *channel)
{
    HvTimesync *s = HV_TIMESYNC(vmbus_channel_device(channel));

    s->channel = channel;
    s->state = OPENED;
    rearm(s, NEGOTIATE_AFTER_MS);
    return 0;
}

static void close_channel(VMBusChannel *channel)
{
    HvTimesync *s = HV_TIMESYNC(vmbus_channel_device(channel));

    timer_del(s->next);
    s->channel = NULL;
}

static void get_setting(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    visit_type_int64(v, name, &HV_TIMESYNC(obj)->set[(uintptr_t)opaque], errp);
}

static void set_setting(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    HvTimesync *s = HV_TIMESYNC(obj);
    uintptr_t setting = (uintptr_t)opaque;
    VMBusChannel *channel = vmbus_device_channel(&s->parent, 0);
    int64_t value;

    if (!visit_type_int64(v, name, &value, errp)) {
        return;
    }
    if (setting == RATE_PPB) {
        /* From here on; what it has made so far stays. */
        int64_t now_ns = real_ns();

        s->set[OFFSET_NS] += (__int128)(now_ns - s->rate_since_ns) * s->set[RATE_PPB] / NS_PER_S;
        s->rate_since_ns = now_ns;
    }
    s->set[setting] = value;
    if (!DEVICE(obj)->realized) {
        return;
    }
    switch (setting) {
    case STEP_NS:
        if (!s->set[STEP_AFTER_MS]) {
            step(s);
        }
        break;
    case STEP_AFTER_MS:
        timer_mod(s->step, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + value);
        break;
    case SYNC:
        if (s->state == READY && s->channel) {
            send_sample(s, true);
        }
        break;
    case PERIOD_MS:
        if (s->state == READY && s->channel) {
            rearm(s, value);
        }
        break;
    case RESCIND:
        if (!(value ? vmbus_channel_rescind(channel) : vmbus_channel_offer(channel))) {
            error_setg(errp, "VMBus is busy with something else, try again");
        }
        break;
    }
}

static void realize(VMBusDevice *dev, Error **errp)
{
    HvTimesync *s = HV_TIMESYNC(dev);

    s->next = timer_new_ms(QEMU_CLOCK_REALTIME, next, s);
    s->step = timer_new_ms(QEMU_CLOCK_REALTIME, step, s);
    s->vm_change = qemu_add_vm_change_state_handler(vm_changed, s);
}

static void instance_init(Object *obj)
{
    uintptr_t i;

    for (i = 0; i < SETTINGS; i++) {
        HV_TIMESYNC(obj)->set[i] = settings[i].value;
    }
    HV_TIMESYNC(obj)->rate_since_ns = real_ns();
}

static void class_init(ObjectClass *klass, void *data)
{
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    uintptr_t i;

    for (i = 0; i < SETTINGS; i++) {
        object_class_property_add(klass, settings[i].name, "int", get_setting, set_setting,
                                  NULL, (void *)i);
    }
    set_bit(DEVICE_CATEGORY_MISC, DEVICE_CLASS(klass)->categories);
    qemu_uuid_parse("9527e630-d0ae-497b-adce-e80ab0175caf", &vdc->classid);
    qemu_uuid_parse("2dd1ce17-079e-403c-b352-a1921ee207ee", &vdc->instanceid);
    vdc->vmdev_realize = realize;
    vdc->open_channel = open_channel;
    vdc->close_channel = close_channel;
    vdc->chan_notify_cb = notify;
}

static const TypeInfo info = {
    .name = TYPE_HV_TIMESYNC,
    .parent = TYPE_VMBUS_DEVICE,
    .instance_size = sizeof(HvTimesync),
    .instance_init = instance_init,
    .class_init = class_init,
};

static void register_types(void)
{
    type_register_static(&info);
}
type_init(register_types)
