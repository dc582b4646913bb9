/*
 * The only program of the guest: measures a system call as `perf bench syscall basic` does, and prints it
 * in its words, three times. Its arguments are how many calls make a piece, and how many pieces, of which the
 * median is told: what else the machine has to do falls into some of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int ascending(const void *one, const void *other)
{
	const double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments)
{
	enum { MOST = 1000 };
	static double spent[MOST];
	const long calls = count > 2 ? atol(arguments[count - 2]) : 0;
	const long pieces = count > 2 ? atol(arguments[count - 1]) : 0;
	struct utsname name;

	if (calls <= 0 || pieces <= 0 || pieces > MOST || uname(&name))
		return 1;
	printf("BOOTED %s\n", name.release);
	for (int turn = 0; turn < 3; turn++) {
		for (long piece = 0; piece < pieces; piece++) {
			double start = seconds();

			for (long call = 0; call < calls; call++)
				syscall(SYS_getppid);
			spent[piece] = seconds() - start;
		}
		qsort(spent, pieces, sizeof(*spent), ascending);
		printf("%14.6f usecs/op\n", spent[pieces / 2] * 1e6 / calls);
	}
	puts("COMPLETE");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 1;
}
