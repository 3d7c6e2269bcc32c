// Package resolution finds out what a request is answered with: which packages of the repositories
// an image gets, or why it cannot have them and which line of the documents asks for it.
//
// Requests, or whole profiles to check, enter; locks leave, or Problems that are located in the
// documents. What a build needs of its host up to there (cache, mirrors, machine) is opened here,
// so that a check asks in the same way as a build.
package resolution
