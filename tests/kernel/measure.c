/* Measures a system call as `perf bench syscall basic` does, and prints it in its words. */
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(void)
{
	const long calls = 200000;

	for (int turn = 0; turn < 3; turn++) {
		double start = seconds();

		for (long call = 0; call < calls; call++)
			syscall(SYS_getppid);
		printf("%14.6f usecs/op\n", (seconds() - start) * 1e6 / calls);
		fflush(stdout);
	}
	return 0;
}
