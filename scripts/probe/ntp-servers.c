// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntp-servers ADDRESS...: an NTP server on each, of this machine's time at the start, or at the last
 * SIGHUP: they go on from there by CLOCK_MONOTONIC_RAW, whatever is done to the system clock.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_S 1000000000LL
/* From 1900, where NTP begins, to 1970. */
#define EPOCH_S 2208988800LL
#define MAX_SERVERS 8

/* RFC 5905, 7.3. All in network order. */
struct packet {
	uint8_t leap_version_mode, stratum, poll;
	int8_t precision;
	uint32_t root_delay, root_dispersion;
	char reference_id[4];
	uint64_t reference, origin, receive, transmit;
};

static volatile int64_t start_ns;

static int64_t ns_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void begin(int signal)
{
	(void)signal;
	start_ns = ns_of(CLOCK_REALTIME) - ns_of(CLOCK_MONOTONIC_RAW);
}

static uint64_t ntp_time(void)
{
	int64_t ns = start_ns + ns_of(CLOCK_MONOTONIC_RAW);
	uint64_t sec = ns / NS_PER_S + EPOCH_S;
	uint64_t fraction = ((uint64_t)(ns % NS_PER_S) << 32) / NS_PER_S;

	return htobe64(sec << 32 | fraction);
}

static void answer(int fd)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	struct packet packet;

	if (recvfrom(fd, &packet, sizeof(packet), MSG_DONTWAIT, (void *)&from, &length) != sizeof(packet))
		return;
	packet.receive = ntp_time();
	packet.leap_version_mode = 4 << 3 | 4; /* no leap second, version 4, a server */
	packet.stratum = 2;
	packet.precision = -20; /* 1 us */
	packet.root_delay = 0;
	packet.root_dispersion = htobe32(65); /* 1 ms */
	memcpy(packet.reference_id, "LAB", 4);
	packet.reference = packet.receive;
	packet.origin = packet.transmit;
	packet.transmit = ntp_time();
	sendto(fd, &packet, sizeof(packet), 0, (void *)&from, length);
}

int main(int argc, char **argv)
{
	struct pollfd fds[MAX_SERVERS];
	int n;

	begin(0);
	signal(SIGHUP, begin);
	for (n = 0; n < argc - 1 && n < MAX_SERVERS; n++) {
		struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(123) };

		fds[n].fd = socket(AF_INET, SOCK_DGRAM, 0);
		fds[n].events = POLLIN;
		fds[n].revents = 0;
		if (inet_pton(AF_INET, argv[n + 1], &here.sin_addr) != 1 ||
		    bind(fds[n].fd, (void *)&here, sizeof(here))) {
			perror(argv[n + 1]);
			return 1;
		}
	}
	for (;;) {
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd);
	}
}
