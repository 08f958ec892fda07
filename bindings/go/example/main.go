// May this token do that? usage: example DIRECTORY ENVIRONMENT SCOPE <token-file
// Exits with 0 where it may, 1 where it may not, 2 where that could not be decided.
package main

import (
	"bufio"
	"fmt"
	"os"

	"bitting.dev/go/bitting"
)

func run() (bool, error) {
	token, _, err := bufio.NewReader(os.Stdin).ReadLine()
	if err != nil {
		return false, err
	}
	keys, err := bitting.Open(os.Args[1], os.Args[2])
	if err != nil {
		return false, err
	}
	defer keys.Close()
	mask, err := keys.Mask(os.Args[3])
	if err != nil {
		return false, err
	}
	answer, err := keys.CheckMask(string(token), mask)
	fmt.Printf("%s, key %s, revision %d\n", answer.Reason, answer.KeyID, answer.Revision)
	return answer.Allowed, err
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: example DIRECTORY ENVIRONMENT SCOPE <token-file")
		os.Exit(2)
	}
	allowed, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !allowed {
		os.Exit(1)
	}
}
